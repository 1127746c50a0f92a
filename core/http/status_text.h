// Reason phrases.
#pragma once

#include <string_view>

namespace hilum::http {

// "Not Found" for 404; "Unknown" for a status that HTTP does not know.
std::string_view status_text(int status);

// May an answer of this status carry a body? (RFC 9110, 6.4.1)
constexpr bool status_has_body(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace hilum::http
