// Bodies of requests that are JSON.
#pragma once

#include <hilum/cpp/http.h>
#include <json/json.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::rest {

// The JSON document of a text; nothing if it is none, is nested too deeply, or has more than 500,000 values.
std::optional<Json::Value> parse_json(std::string_view text);

// The body as a JSON object. Throws HILUM_E_BAD_REQUEST for anything else, HILUM_E_TOO_LARGE over `limit`
// bytes.
Json::Value json_object_body(const Request& request, size_t limit = 4u << 20);

// The strings of a list in an object; nothing if there is no such member. Throws `code` with `details` for
// anything but a list of strings.
std::optional<std::vector<std::string>> string_list(const Json::Value& object, const char* name, int32_t code,
                                                    const std::string& details);

}  // namespace hilum::rest
