// JSON values in the layout of the REST API.
#pragma once

#include <hilum/dicom/json_writer.h>
#include <json/json.h>

#include <cstddef>
#include <string>

namespace hilum::rest {

// Writes a value where the writer stands; members of objects come in the order of their bytes.
void write_json(dicom::JsonWriter& json, const Json::Value& value);

// The value as a text of its own, without a newline at its end.
std::string styled(const Json::Value& value);
// Throws HILUM_E_TOO_LARGE as soon as the text has more than `limit` bytes: indentation makes it far larger than what a
// client has sent.
std::string styled(const Json::Value& value, size_t limit);

// On one line, without spaces: of the size of what it says.
std::string compact(const Json::Value& value);

// More than `levels` arrays and objects inside each other.
bool is_deeper_than(const Json::Value& value, size_t levels);

}  // namespace hilum::rest
