// Counts and sizes of resources.
#pragma once

#include "family.h"

namespace hilum::resources {

void get_statistics(Call& call);  // GET /{level}/{id}/statistics

}  // namespace hilum::resources
