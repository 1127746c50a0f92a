// Deleting resources.
#pragma once

#include "call.h"

namespace hilum::resources {

void delete_resource(Call& call);  // DELETE /{level}/{id}

}  // namespace hilum::resources
