// Raw values of single elements.
#pragma once

#include "family.h"

namespace hilum::resources {

void get_content(Call& call);  // GET /instances/{id}/content and below

}  // namespace hilum::resources
