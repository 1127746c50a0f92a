// Bodies and answers of routes that ask other DICOM systems: keys of queries, and the data sets that come back.
#pragma once

#include <hilum/cpp/error.h>
#include <hilum/cpp/http.h>
#include <hilum/dicom/json.h>
#include <hilum/dicom/query_identifier.h>
#include <json/json.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hilum::rest {

// The keys of an object whose members are texts by tag. Throws HILUM_E_BAD_FORMAT for anything else, and over 1,000 members;
// `unknown_tag` (with the HTTP status 400) for names that are no tags.
dicom::QueryKeys read_query_keys(const Json::Value& object, int32_t unknown_tag = HILUM_E_UNKNOWN_TAG);

// `Level` of a body. Throws HILUM_E_BAD_FORMAT if it is missing or no text, HILUM_E_OUT_OF_RANGE if it is no level.
dicom::Level read_query_level(const Json::Value& body);

// A number of seconds in a body; nothing if it is absent. Throws HILUM_E_BAD_FORMAT, naming the field.
std::optional<uint32_t> seconds_field(const Json::Value& body, const char* name);
// A text of a body; nothing if it is absent. Throws `code`, naming the field, if it is something else.
std::optional<std::string> text_field(const Json::Value& body, const char* name,
                                      int32_t code = HILUM_E_BAD_TYPE);

// `Simplify`, `Short` or `Full` of a body, in this order, if it is true.
dicom::JsonFormat form_of(const Json::Value& body, dicom::JsonFormat otherwise);

// The keys as a JSON object, as answers show queries.
void write_query_keys(dicom::JsonWriter& json, const dicom::QueryKeys& keys, dicom::JsonFormat format);

// The top-level texts of a data set that another system has answered (explicit VR little endian). Throws HILUM_E_NETWORK if it is none.
dicom::QueryKeys keys_of(std::string_view data_set, dicom::Encoding default_encoding);

// The data set as a JSON object; `level` is added if the other system has left it out. Throws HILUM_E_NETWORK if it is none.
void write_remote_answer(dicom::JsonWriter& json, std::string_view data_set,
                         std::optional<dicom::Level> level, const dicom::JsonOptions& options);

}  // namespace hilum::rest
