// The way in over REST.
#pragma once

#include "family.h"

namespace hilum::resources {

void post_instances(Call& call);  // POST /instances

}  // namespace hilum::resources
