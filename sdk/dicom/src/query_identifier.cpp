#include <dcmtk/dcmdata/dcdatset.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/edit.h>
#include <hilum/dicom/modules.h>
#include <hilum/dicom/query_identifier.h>

#include <algorithm>
#include <array>
#include <vector>

#include "data_set_writer.h"

namespace hilum::dicom {
namespace {

constexpr Tag kModalitiesInStudy = 0x00080061;

// Keys that the answering side works out (PS3.4 section C.3.4), by the level that they belong to.
const std::vector<Tag>& computed_keys(Level level) {
  static const std::array<std::vector<Tag>, 4> kKeys = {{
      {0x00201200, 0x00201202, 0x00201204},
      {kModalitiesInStudy, 0x00080062, 0x00201206, 0x00201208},
      {0x00201209},
      {},
  }};
  return kKeys[static_cast<size_t>(level)];
}

bool has(const std::vector<Tag>& tags, Tag tag) {
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

bool belongs_to(Level level, Tag tag) {
  if (tag == kSpecificCharacterSet || has(computed_keys(level), tag)) return true;
  for (size_t above = 0; above <= static_cast<size_t>(level); ++above) {
    if (has(module_tags(static_cast<Level>(above)), tag)) return true;
  }
  return false;
}

bool rewrites_to_empty(Tag tag, std::string_view value, std::string_view manufacturer) {
  if (value != "*") return false;
  if (manufacturer == "GenericNoUniversalWildcard") return true;
  return manufacturer == "GenericNoWildcardInDates" && dictionary_vr(tag) == EVR_DA;
}

// The data set says itself what describes it.
bool describes_query(Tag tag) {
  return tag == kQueryRetrieveLevel || tag == kSpecificCharacterSet || tag_element(tag) == 0 ||
         tag_group(tag) < 0x0008;
}

}  // namespace

std::optional<Level> parse_query_level(std::string_view text) {
  constexpr size_t kLongest = 9;
  if (text.size() > kLongest) return std::nullopt;
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  if (upper == "PATIENT" || upper == "PATIENTS") return Level::Patient;
  if (upper == "STUDY" || upper == "STUDIES") return Level::Study;
  if (upper == "SERIES") return Level::Series;
  if (upper == "IMAGE" || upper == "IMAGES" || upper == "INSTANCE" || upper == "INSTANCES")
    return Level::Instance;
  return std::nullopt;
}

const char* query_level_term(Level level) {
  static constexpr std::array<const char*, 4> kTerms = {"PATIENT", "STUDY", "SERIES", "IMAGE"};
  return kTerms[static_cast<size_t>(level)];
}

Tag unique_key(Level level) {
  static constexpr std::array<Tag, 4> kUnique = {kPatientId, kStudyInstanceUid, kSeriesInstanceUid,
                                                 kSopInstanceUid};
  return kUnique[static_cast<size_t>(level)];
}

QueryKeys find_keys(Level level, const QueryKeys& keys, bool normalize, std::string_view manufacturer) {
  QueryKeys sent;
  for (const auto& [tag, value] : keys) {
    if (describes_query(tag) || (normalize && !belongs_to(level, tag))) continue;
    sent[tag] = normalize && rewrites_to_empty(tag, value, manufacturer) ? std::string() : value;
  }
  const std::string unasked = manufacturer == "GE" ? "*" : "";
  for (size_t above = 0; above <= static_cast<size_t>(level); ++above) {
    sent.emplace(unique_key(static_cast<Level>(above)), unasked);
  }
  if (level != Level::Patient) sent.emplace(kAccessionNumber, unasked);
  return sent;
}

QueryKeys retrieve_keys(Level level, const QueryKeys& keys) {
  QueryKeys sent;
  const size_t highest = level == Level::Patient ? 0 : 1;
  for (size_t above = highest; above <= static_cast<size_t>(level); ++above) {
    const Tag tag = unique_key(static_cast<Level>(above));
    const auto key = keys.find(tag);
    if (key == keys.end() || key->second.empty()) {
      throw Error(HILUM_E_BAD_REQUEST, "Missing tag to retrieve a " + std::string(level_name(level)) + ": " +
                                           tag_name(tag) + " (" + format_tag(tag) + ")");
    }
    sent.insert(*key);
  }
  return sent;
}

std::string write_identifier(std::optional<Level> level, const QueryKeys& keys, Encoding encoding) {
  DcmDataset data_set;
  const Charset charset(encoding);
  // ASCII is the default repertoire, which is not declared (PS3.3 section C.12.1.1.2).
  if (encoding != Encoding::Ascii)
    set_text(data_set, kSpecificCharacterSet, specific_character_set(encoding), charset);
  if (level) set_text(data_set, kQueryRetrieveLevel, query_level_term(*level), charset);
  for (const auto& [tag, value] : keys) {
    if (describes_query(tag)) continue;
    // A sequence can be asked for as a whole, without a value.
    const bool whole_sequence = value.empty() && dictionary_vr(tag) == EVR_SQ;
    set_json_value(data_set, tag, whole_sequence ? Json::Value(Json::arrayValue) : Json::Value(value),
                   charset);
  }
  return write_identifier(data_set);
}

std::string write_identifier(DcmDataset& data_set) {
  std::string bytes;
  write_elements(data_set, EXS_LittleEndianExplicit, [&bytes](std::string_view piece) { bytes += piece; });
  return bytes;
}

}  // namespace hilum::dicom
