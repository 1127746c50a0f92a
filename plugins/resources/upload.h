// The way in over REST.
#pragma once

#include "call.h"

namespace hilum::resources {

void post_instances(Call& call);  // POST /instances

}  // namespace hilum::resources
