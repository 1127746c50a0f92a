// JSON values in the layout of the REST API.
#pragma once

#include <hilum/dicom/json_writer.h>
#include <json/json.h>

#include <string>

namespace hilum::rest {

// Writes a value where the writer stands; members of objects come in the order of their bytes.
void write_json(dicom::JsonWriter& json, const Json::Value& value);

// The value as a text of its own, without a newline at its end.
std::string styled(const Json::Value& value);

}  // namespace hilum::rest
