// Counts and sizes of resources.
#pragma once

#include "call.h"

namespace hilum::resources {

void get_statistics(Call& call);  // GET /{level}/{id}/statistics

}  // namespace hilum::resources
