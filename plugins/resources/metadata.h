// Metadata of resources.
#pragma once

#include "family.h"

namespace hilum::resources {

void list_metadata(Call& call);    // GET /{level}/{id}/metadata
void get_metadata(Call& call);     // GET /{level}/{id}/metadata/{name}
void put_metadata(Call& call);     // PUT
void delete_metadata(Call& call);  // DELETE

}  // namespace hilum::resources
