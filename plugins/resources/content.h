// Raw values of single elements.
#pragma once

#include "call.h"

namespace hilum::resources {

void get_content(Call& call);  // GET /instances/{id}/content and below

}  // namespace hilum::resources
