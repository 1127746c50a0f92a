#include <hilum/cpp/error.h>
#include <hilum/rest/styled_json.h>

#include <algorithm>
#include <limits>

namespace hilum::rest {

namespace {

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

void write(dicom::JsonWriter& json, const Json::Value& value, size_t limit) {
  if (json.out().size() > limit) {
    throw Error(HILUM_E_TOO_LARGE,
                "a JSON value has more than " + std::to_string(limit) + " bytes once it is indented");
  }
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
        write(json, item, limit);
      }
      json.end_array();
      return;
    case Json::objectValue:
      json.begin_object();
      for (auto member = value.begin(); member != value.end(); ++member) {
        json.key(member.name());
        write(json, *member, limit);
      }
      json.end_object();
      return;
  }
}

}  // namespace

void write_json(dicom::JsonWriter& json, const Json::Value& value) { write(json, value, kNoLimit); }

std::string styled(const Json::Value& value) { return styled(value, kNoLimit); }

std::string styled(const Json::Value& value, size_t limit) {
  std::string text;
  dicom::JsonWriter json(text);
  write(json, value, limit);
  return text;
}

std::string compact(const Json::Value& value) {
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  builder["emitUTF8"] = true;
  return Json::writeString(builder, value);
}

bool is_deeper_than(const Json::Value& value, size_t levels) {
  if (!value.isArray() && !value.isObject()) {
    return false;
  }
  return levels == 0 || std::any_of(value.begin(), value.end(), [&](const Json::Value& part) {
           return is_deeper_than(part, levels - 1);
         });
}

}  // namespace hilum::rest
