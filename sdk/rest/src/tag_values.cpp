#include <hilum/rest/tag_values.h>
#include <json/json.h>

#include <memory>

namespace hilum::rest {

namespace {

using dicom::JsonFormat;
using dicom::JsonWriter;

Json::Value parse_stored(const std::string& text) {
  Json::Value value;
  std::string errors;
  std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  if (!reader->parse(text.data(), text.data() + text.size(), &value, &errors) || !value.isArray()) {
    throw Error(HILUM_E_CORRUPTED, "the index holds a sequence that is not a JSON array");
  }
  return value;
}

void write_items(JsonWriter& json, const Json::Value& items, JsonFormat format);

// An element in the full form, without its name: {"Name", "Type", "Value"} to its value.
void write_element_value(JsonWriter& json, const Json::Value& element, JsonFormat format) {
  const Json::Value& value = element["Value"];
  if (value.isString()) {
    json.string(value.asString());
  } else if (value.isArray()) {
    write_items(json, value, format);
  } else {
    json.null();
  }
}

void write_item(JsonWriter& json, const Json::Value& item, JsonFormat format) {
  std::map<std::string, const Json::Value*> elements;
  for (const std::string& tag : item.getMemberNames()) {
    const Json::Value& element = item[tag];
    elements[format == JsonFormat::Simplified ? element["Name"].asString() : tag] = &element;
  }
  json.begin_object();
  for (const auto& [key, element] : elements) {
    json.key(key);
    write_element_value(json, *element, format);
  }
  json.end_object();
}

void write_items(JsonWriter& json, const Json::Value& items, JsonFormat format) {
  json.begin_array();
  for (const Json::Value& item : items) write_item(json, item, format);
  json.end_array();
}

}  // namespace

void TagValues::add_main_tags(const Resource& resource, uint32_t of_level) {
  resource.tags(of_level, [&](hilum_tag tag, bool is_sequence, std::string_view value) {
    values_[tag] = {is_sequence, std::string(value)};
  });
}

bool TagValues::take(dicom::Tag tag, const TagValues& from) {
  auto found = from.values_.find(tag);
  if (found == from.values_.end()) return false;
  values_[tag] = found->second;
  return true;
}

void TagValues::write_value(JsonWriter& json, const Value& value, JsonFormat format) {
  if (!value.is_sequence) {
    json.string(value.text);
  } else if (format == JsonFormat::Full) {
    json.raw(value.text);
  } else {
    write_items(json, parse_stored(value.text), format);
  }
}

void TagValues::write(JsonWriter& json, JsonFormat format) const {
  json.begin_object();
  if (format == JsonFormat::Simplified) {
    std::map<std::string, const Value*> by_name;
    for (const auto& [tag, value] : values_) by_name[dicom::tag_name(tag)] = &value;
    for (const auto& [name, value] : by_name) {
      json.key(name);
      write_value(json, *value, format);
    }
  } else {
    for (const auto& [tag, value] : values_) {
      json.key(dicom::format_tag(tag));
      if (format == JsonFormat::Short) {
        write_value(json, value, format);
        continue;
      }
      json.begin_object();
      json.member("Name", dicom::tag_name(tag));
      json.member("Type", value.is_sequence ? "Sequence" : "String");
      json.key("Value");
      write_value(json, value, format);
      json.end_object();
    }
  }
  json.end_object();
}

}  // namespace hilum::rest
