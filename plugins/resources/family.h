// What every handler of this plugin is given: the REST toolbox, under its short names.
#pragma once

#include <hilum/rest/call.h>

namespace hilum::resources {

using namespace rest;

}  // namespace hilum::resources
