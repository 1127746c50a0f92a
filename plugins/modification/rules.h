// What a request wants changed: parsed, checked, independent of any file.
#pragma once

#include <hilum/dicom/anonymization.h>
#include <hilum/dicom/edit.h>
#include <hilum/dicom/tag_path.h>
#include <hilum/index.h>
#include <json/json.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace hilum::modification {

enum class Kind { Modify, Anonymize };

struct PathReplacement {
  dicom::TagPath path;
  Json::Value value;
};

struct Rules {
  Kind kind = Kind::Modify;
  hilum_level level = HILUM_INSTANCE;  // identifiers of this level and below are renewed

  // Top-level tags; each is in one of the three at most (the later of Remove, Replace and Keep counts).
  std::map<dicom::Tag, Json::Value> replaced;
  std::set<dicom::Tag> removed;
  std::set<dicom::Tag> kept;
  // Tags inside sequences.
  std::vector<dicom::TagPath> removed_paths;
  std::vector<dicom::TagPath> kept_paths;
  std::vector<PathReplacement> replaced_paths;

  bool remove_private = false;  // modify: at the top level; anonymize: everywhere
  bool force = false;
  dicom::AnonymizationEdition edition = dicom::AnonymizationEdition::E2023b;
  bool is_plain_profile = true;  // anonymize: the request leaves the profile as it is
  dicom::EditOptions edit;

  bool replaces(dicom::Tag tag) const { return replaced.count(tag) != 0; }
  bool removes(dicom::Tag tag) const { return removed.count(tag) != 0; }
  bool keeps(dicom::Tag tag) const { return kept.count(tag) != 0; }
  // Anonymize: the name comes from the server's counter.
  bool needs_name() const {
    return kind == Kind::Anonymize && !replaces(dicom::kPatientName) && !removes(dicom::kPatientName) &&
           !keeps(dicom::kPatientName);
  }
};

// Reads `Replace`, `Remove`, `Keep`, `RemovePrivateTags`, `KeepPrivateTags`, `Force`, `PrivateCreator` and `DicomVersion` of a body.
// Throws the errors of the 4xx for what is malformed, unknown, or protected without `Force`. The level of a modification is the one that
// the replaced identifiers imply.
Rules parse_rules(const Json::Value& body, Kind kind, const std::string& default_private_creator);

// Sets the level that the route or the request names, and refuses what cannot be done at it.
void set_level(Rules& rules, hilum_level level);
// "Patient", "study"... in any case; throws HILUM_E_OUT_OF_RANGE.
hilum_level parse_level(const Json::Value& value);

// The form in which a request names its fields' mistakes.
bool boolean_member(const Json::Value& body, const char* name, bool otherwise);
// Nothing given is the empty string.
std::string string_field(const Json::Value& body, const char* name, const std::string& otherwise);
// The strings of a list that must be there.
std::vector<std::string> resource_list(const Json::Value& body, const char* name);

}  // namespace hilum::modification
