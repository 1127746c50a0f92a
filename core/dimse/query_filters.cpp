#include "core/dimse/query_filters.h"

#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/edit.h>
#include <hilum/dicom/json.h>
#include <hilum/dicom/tag.h>
#include <json/json.h>

#include <memory>
#include <vector>

namespace hilum::dimse {
namespace {

using dicom::Tag;

Json::Value parse_object(const std::string& text) {
  Json::CharReaderBuilder builder;
  builder["collectComments"] = false;
  builder["stackLimit"] = 200;
  builder["failIfExtra"] = true;
  const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
  Json::Value value;
  bool is_good = false;
  try {
    is_good = reader->parse(text.data(), text.data() + text.size(), &value, nullptr);
  } catch (const Json::Exception&) {  // nested too deep
  }
  if (!is_good || !value.isObject()) {
    throw Error(HILUM_E_BAD_FORMAT, "a filter has made something of a query that is no JSON object");
  }
  return value;
}

std::string json_of(const dicom::ParsedInstance& query, dicom::Encoding default_encoding) {
  dicom::JsonOptions options;
  options.format = dicom::JsonFormat::Short;
  options.default_encoding = default_encoding;
  options.maximum_length = 0;
  options.group_lengths = false;
  return dicom::tags_json(query, options);
}

// What the filter has left as it was keeps its bytes.
void apply(DcmDataset& query, const Json::Value& before, const Json::Value& after,
           dicom::Encoding default_encoding) {
  dicom::change_charset(query, default_encoding, dicom::specific_character_set(dicom::Encoding::Utf8));
  for (const std::string& name : before.getMemberNames()) {
    const Tag tag = dicom::parse_tag(name);
    if (!after.isMember(name) && tag != dicom::kSpecificCharacterSet) {
      dicom::remove_element(query, tag);
    }
  }
  for (const std::string& name : after.getMemberNames()) {
    const Tag tag = dicom::parse_tag(name);
    if (tag != dicom::kSpecificCharacterSet && (!before.isMember(name) || before[name] != after[name])) {
      dicom::set_json_value(query, tag, after[name], dicom::Charset(dicom::Encoding::Utf8));
    }
  }
}

}  // namespace

void filter_query(const Handlers& handlers, QueryKind kind, const Peer& peer,
                  dicom::Encoding default_encoding, const dicom::ParsedInstance& query) {
  const auto filters = handlers.query_filters.all();
  if (filters.empty()) {
    return;
  }
  const std::string original = json_of(query, default_encoding);
  std::string text = original;
  for (const auto& filter : filters) {
    if (std::optional<std::string> changed = (*filter)(kind, peer, text)) {
      text = std::move(*changed);
    }
  }
  if (text != original) {
    apply(query.data_set(), parse_object(original), parse_object(text), default_encoding);
  }
}

}  // namespace hilum::dimse
