// The request target: path and query, decoded once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/http/request.h"

namespace hilum::http {

struct Target {
  std::string path;  // "/" + segments joined by "/"
  std::vector<std::string> segments;
  Fields query;
};

// Splits on "/" first and decodes each segment after, so that %2F stays inside its segment. Empty segments
// are dropped, "." and ".." are resolved. Escapes that are none ("%zz") stay as they are. "http://host/path"
// counts as "/path", "*" has no segments. Throws HILUM_E_BAD_URI for encoded dot segments and NUL bytes,
// HILUM_E_UNKNOWN_RESOURCE for ".." above the root.
Target parse_target(std::string_view raw);

// "a=1&b&c=x+y" -> {a,1} {b,""} {c,"x y"}. Throws HILUM_E_BAD_URI for NUL bytes.
Fields parse_query(std::string_view raw);

}  // namespace hilum::http
