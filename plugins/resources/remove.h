// Deleting resources.
#pragma once

#include "family.h"

namespace hilum::resources {

void delete_resource(Call& call);  // DELETE /{level}/{id}

}  // namespace hilum::resources
