// The table of routes as documents: what `--openapi` and `--cheatsheet` write.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/http/router.h"

namespace hilum::http {

using RouteList = std::vector<std::shared_ptr<const Route>>;

// An OpenAPI 3.0.3 document (JSON text) of all routes.
std::string openapi_document(const RouteList& routes);
// One line per path: path, then for each of GET, POST, DELETE and PUT its summary, or nothing (CSV, RFC
// 4180).
std::string cheatsheet(const RouteList& routes);

}  // namespace hilum::http
