// The routes of the plugin, by file.
#pragma once

#include <hilum/cpp/http.h>
#include <hilum/cpp/jobs.h>

#include "tools.h"

namespace hilum::peers {

void add_registry_routes(Routes& routes, const Tools& tools);  // registry_routes.cpp
void add_store_routes(Routes& routes, const Tools& tools, const Jobs& jobs,
                      size_t connections);  // store_routes.cpp

}  // namespace hilum::peers
