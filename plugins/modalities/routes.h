// The routes of the plugin, by file.
#pragma once

#include <hilum/cpp/http.h>
#include <hilum/draft/server.h>

#include "tools.h"

namespace hilum::modalities {

// What a definition may have, for the documentation of routes.
std::vector<RouteArgument> definition_arguments();

void add_registry_routes(Routes& routes, const Context& context);    // registry_routes.cpp
void add_echo_routes(Routes& routes, const Context& context);        // echo_routes.cpp
void add_find_routes(Routes& routes, const Context& context);        // find_routes.cpp
void add_store_routes(Routes& routes, const Context& context);       // store_routes.cpp
void add_retrieve_routes(Routes& routes, const Context& context);    // retrieve_routes.cpp
void add_commitment_routes(Routes& routes, const Context& context);  // commitment_routes.cpp

}  // namespace hilum::modalities
