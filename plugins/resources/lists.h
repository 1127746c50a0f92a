// Lists of resources: a whole level, what is below a resource, and the way up.
#pragma once

#include "family.h"

namespace hilum::resources {

void list_level(Call& call);        // GET /{level}
void list_descendants(Call& call);  // GET /{level}/{id}/studies ... below
void get_ancestor(Call& call);      // GET /{level}/{id}/patient ... above
// GET /{level}/{id}
void get_details(Call& call);

}  // namespace hilum::resources
