// Labels of resources.
#pragma once

#include "family.h"

namespace hilum::resources {

void list_labels(Call& call);   // GET /{level}/{id}/labels
void get_label(Call& call);     // GET /{level}/{id}/labels/{label}
void put_label(Call& call);     // PUT
void delete_label(Call& call);  // DELETE

}  // namespace hilum::resources
