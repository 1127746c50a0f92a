#include <hilum/rest/styled_json.h>

namespace hilum::rest {

void write_json(dicom::JsonWriter& json, const Json::Value& value) {
  switch (value.type()) {
    case Json::nullValue:
      json.null();
      return;
    case Json::intValue:
      json.integer(value.asInt64());
      return;
    case Json::uintValue:
      json.unsigned_integer(value.asUInt64());
      return;
    case Json::realValue:
      json.number(value.asDouble());
      return;
    case Json::booleanValue:
      json.boolean(value.asBool());
      return;
    case Json::stringValue: {
      const char* begin = nullptr;
      const char* end = nullptr;
      value.getString(&begin, &end);
      json.string({begin, static_cast<size_t>(end - begin)});
      return;
    }
    case Json::arrayValue:
      json.begin_array();
      for (const Json::Value& item : value) {
        write_json(json, item);
      }
      json.end_array();
      return;
    case Json::objectValue:
      json.begin_object();
      for (auto member = value.begin(); member != value.end(); ++member) {
        json.key(member.name());
        write_json(json, *member);
      }
      json.end_object();
      return;
  }
}

std::string styled(const Json::Value& value) {
  std::string text;
  dicom::JsonWriter json(text);
  write_json(json, value);
  return text;
}

}  // namespace hilum::rest
