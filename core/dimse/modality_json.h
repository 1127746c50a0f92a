// Definitions of modalities as JSON: the forms of hilum/draft/modalities.h.
#pragma once

#include <json/value.h>

#include <string>
#include <string_view>

#include "core/dimse/server_options.h"

namespace hilum::dimse {

// Reads both forms; the name is left empty. Throws HILUM_E_BAD_FORMAT, HILUM_E_OUT_OF_RANGE (port, manufacturer, timeout,
// retrieve method).
Modality read_modality(const Json::Value& json);
// The same from a text. Throws HILUM_E_BAD_FORMAT for what is no JSON.
Modality read_modality_text(std::string_view text);
// The object form on one line, keys ascending. `default_retrieve_method`: of those that have none of their own.
std::string write_modality(const Modality& modality, const std::string& default_retrieve_method);
// The object form, to be kept: without a default retrieve method.
Json::Value json_of_modality(const Modality& modality);

// Throws HILUM_E_BAD_FORMAT: names become parts of paths.
void check_modality_name(std::string_view name);
// Throws HILUM_E_BAD_FORMAT unless `title` has 1 to 16 characters of the default repertoire, without backslash (PS3.5 section
// 6.2, AE).
void check_aet(std::string_view title, std::string_view what);

// Any JSON text. Throws HILUM_E_BAD_FORMAT.
Json::Value parse_json_text(std::string_view text);

}  // namespace hilum::dimse
