#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/edit.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/tag_path.h>
#include <hilum/dicom/text.h>
#include <hilum/rest/job_answer.h>
#include <hilum/rest/remote_query.h>

namespace hilum::rest {

namespace {

constexpr Json::ArrayIndex kMostKeys = 1000;

dicom::Tag tag_named(const std::string& name, int32_t unknown_tag) {
  try {
    return dicom::parse_client_tag(name);
  } catch (const Error&) {
    constexpr int kBadRequest = 400;
    throw Error(unknown_tag, kBadRequest, status_facts(unknown_tag).message,
                "Unknown DICOM tag: " + name.substr(0, 128));
  }
}

dicom::ParsedInstance parse(std::string_view data_set) {
  constexpr std::string_view kExplicitLittleEndian = "1.2.840.10008.1.2.1";
  try {
    return dicom::parse_data_set(dicom::ByteSource(data_set.data(), data_set.size()), kExplicitLittleEndian);
  } catch (const Error& error) {
    throw Error(HILUM_E_NETWORK, "the remote system has answered what is no data set: " + error.details());
  }
}

}  // namespace

dicom::QueryKeys read_query_keys(const Json::Value& object, int32_t unknown_tag) {
  if (!object.isObject()) throw Error(HILUM_E_BAD_FORMAT, "A query must be a JSON object of texts by tag");
  if (object.size() > kMostKeys) {
    throw Error(HILUM_E_BAD_FORMAT, "A query has at most " + std::to_string(kMostKeys) + " tags");
  }
  dicom::QueryKeys keys;
  for (auto member = object.begin(); member != object.end(); ++member) {
    const dicom::Tag tag = tag_named(member.name(), unknown_tag);
    if (!member->isString()) {
      throw Error(HILUM_E_BAD_FORMAT, "Tag " + dicom::format_tag(tag) + " of a query must be a string");
    }
    keys[tag] = member->asString();
  }
  return keys;
}

dicom::Level read_query_level(const Json::Value& body) {
  if (!body.isObject() || !body.isMember("Level") || !body["Level"].isString()) {
    throw Error(HILUM_E_BAD_FORMAT,
                "The JSON body must contain the field \"Level\": Patient, Study, Series or Instance");
  }
  const std::string text = body["Level"].asString();
  const std::optional<dicom::Level> level = dicom::parse_query_level(text);
  if (!level) {
    throw Error(HILUM_E_OUT_OF_RANGE,
                "Field \"Level\" must be Patient, Study, Series or Instance, not: " + text.substr(0, 64));
  }
  return *level;
}

std::optional<uint32_t> seconds_field(const Json::Value& body, const char* name) {
  if (!body.isObject() || !body.isMember(name)) return std::nullopt;
  const Json::Value& value = body[name];
  if (!value.isUInt()) {
    throw Error(HILUM_E_BAD_FORMAT, std::string("Unsigned integer expected in field: ") + name);
  }
  return value.asUInt();
}

std::optional<std::string> text_field(const Json::Value& body, const char* name, int32_t code) {
  if (!body.isObject() || !body.isMember(name)) return std::nullopt;
  const Json::Value& value = body[name];
  if (!value.isString()) throw Error(code, std::string("String expected in field: ") + name);
  return value.asString();
}

dicom::JsonFormat form_of(const Json::Value& body, dicom::JsonFormat otherwise) {
  if (boolean_field(body, "Simplify", false)) return dicom::JsonFormat::Simplified;
  if (boolean_field(body, "Short", false)) return dicom::JsonFormat::Short;
  if (boolean_field(body, "Full", false)) return dicom::JsonFormat::Full;
  return otherwise;
}

void write_query_keys(dicom::JsonWriter& json, const dicom::QueryKeys& keys, dicom::JsonFormat format) {
  json.begin_object();
  std::map<std::string, const std::string*> by_name;
  for (const auto& [tag, value] : keys) {
    const bool by_keyword = format == dicom::JsonFormat::Simplified;
    by_name[by_keyword ? dicom::tag_name(tag) : dicom::format_tag(tag)] = &value;
  }
  for (const auto& [key, value] : by_name) {
    if (format != dicom::JsonFormat::Full) {
      json.member(key, *value);
      continue;
    }
    json.key(key);
    json.begin_object();
    json.member("Name", dicom::tag_name(dicom::parse_tag(key)));
    json.member("Type", "String");
    json.member("Value", *value);
    json.end_object();
  }
  json.end_object();
}

dicom::QueryKeys keys_of(std::string_view data_set, dicom::Encoding default_encoding) {
  const dicom::ParsedInstance parsed = parse(data_set);
  DcmDataset& elements = parsed.data_set();
  const dicom::Charset charset = dicom::Charset::of(elements, default_encoding);
  dicom::QueryKeys keys;
  for (unsigned long i = 0; i < elements.card(); ++i) {
    DcmElement* element = elements.getElement(i);
    const dicom::ElementValue value = dicom::element_value(*element, charset, {0, false});
    const dicom::Tag tag = dicom::make_tag(element->getTag().getGroup(), element->getTag().getElement());
    if (value.kind == dicom::ValueKind::String) keys[tag] = value.text;
  }
  return keys;
}

void write_remote_answer(dicom::JsonWriter& json, std::string_view data_set,
                         std::optional<dicom::Level> level, const dicom::JsonOptions& options) {
  const dicom::ParsedInstance parsed = parse(data_set);
  if (level && !dicom::has_element(parsed.data_set(), dicom::kQueryRetrieveLevel)) {
    dicom::set_text(parsed.data_set(), dicom::kQueryRetrieveLevel, dicom::query_level_term(*level),
                    dicom::Charset());
  }
  dicom::write_tags_json(json, parsed, options);
}

}  // namespace hilum::rest
