// JSON of a configuration file: comments and trailing commas allowed, bounded depth, errors with line and
// column. For this folder only.
#pragma once

#include <json/value.h>

#include <functional>
#include <string>
#include <string_view>

#include "core/config/options.h"

namespace hilum::config {

// Parses `text`, which must be one object, of the file `file` (for messages). A key that stands twice in an
// object counts with its last value, and `warn` is called. Throws Error(HILUM_E_BAD_JSON).
Json::Value parse_object(const std::string& text, const std::string& file,
                         const std::function<void(const std::string&)>& warn);
// The line, from 1, in which `offset` lies.
size_t line_at(std::string_view text, ptrdiff_t offset);
// One line of JSON without comments.
std::string compact_json(const Json::Value& value);
// The default of an option; null when it has none.
Json::Value default_value(const OptionInfo& option);

}  // namespace hilum::config
