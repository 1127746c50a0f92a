#include "rules.h"

#include <hilum/cpp/error.h>
#include <hilum/rest/json_body.h>

#include <algorithm>
#include <cctype>

namespace hilum::modification {

namespace {

using dicom::Tag;
using dicom::TagPath;

constexpr size_t kMostTags = 10000;
constexpr size_t kMostPaths = 1000;

bool is_identifier(Tag tag) {
  return tag == dicom::kPatientId || tag == dicom::kStudyInstanceUid || tag == dicom::kSeriesInstanceUid ||
         tag == dicom::kSopInstanceUid;
}

// Reads the three lists into the rules.
class Parser {
 public:
  Parser(const Json::Value& body, Rules& rules) : body_(body), rules_(rules) {}

  void run() {
    for (const std::string& name : names("Remove")) remove(name);
    replace();
    for (const std::string& name : names("Keep")) keep(name);
    const size_t paths =
        rules_.removed_paths.size() + rules_.replaced_paths.size() + rules_.kept_paths.size();
    if (paths > kMostPaths) {
      throw Error(HILUM_E_BAD_REQUEST, "more than " + std::to_string(kMostPaths) + " paths into sequences");
    }
  }

 private:
  std::vector<std::string> names(const char* field) const {
    auto list = rest::string_list(body_, field, HILUM_E_BAD_REQUEST,
                                  std::string("List of tags expected in field: ") + field);
    if (!list) return {};
    if (list->size() > kMostTags) throw too_many(field);
    return std::move(*list);
  }
  static Error too_many(const char* field) {
    return Error(HILUM_E_BAD_REQUEST,
                 std::string("more than ") + std::to_string(kMostTags) + " tags in field: " + field);
  }

  void need_force(const TagPath& path, const std::string& name, const char* what) const {
    if (rules_.force || !path.is_top_level() || !is_identifier(path.tag)) return;
    throw Error(HILUM_E_BAD_REQUEST, "Marking tag \"" + name.substr(0, 128) + "\" as to be " + what +
                                         " requires the \"Force\" option to be set to true");
  }

  void forget(Tag tag) {
    rules_.replaced.erase(tag);
    rules_.removed.erase(tag);
    rules_.kept.erase(tag);
  }

  void remove(const std::string& name) {
    const TagPath path = dicom::parse_tag_path(name);
    need_force(path, name, "removed");
    rules_.is_plain_profile = false;
    if (!path.is_top_level()) {
      rules_.removed_paths.push_back(path);
      return;
    }
    if (is_identifier(path.tag)) {
      throw Error(HILUM_E_BAD_REQUEST, "It is forbidden to remove one of the main Dicom identifiers");
    }
    forget(path.tag);
    rules_.removed.insert(path.tag);
  }

  void replace() {
    if (!body_.isMember("Replace")) return;
    const Json::Value& values = body_["Replace"];
    if (!values.isObject())
      throw Error(HILUM_E_BAD_REQUEST, "Object of values by tag expected in field: Replace");
    if (values.size() > kMostTags) throw too_many("Replace");
    for (auto value = values.begin(); value != values.end(); ++value) {
      const TagPath path = dicom::parse_tag_path(value.name());
      need_force(path, value.name(), "replaced");
      // Pictures and documents are looked at when they are embedded.
      if (path.tag != dicom::kPixelData) dicom::check_json_value(path.tag, *value, rules_.edit);
      rules_.is_plain_profile = false;
      if (!path.is_top_level()) {
        rules_.replaced_paths.push_back({path, *value});
      } else {
        forget(path.tag);
        rules_.replaced[path.tag] = *value;
      }
    }
  }

  void keep(const std::string& name) {
    const TagPath path = dicom::parse_tag_path(name);
    need_force(path, name, "kept");
    rules_.is_plain_profile = false;
    if (!path.is_top_level()) {
      rules_.kept_paths.push_back(path);
      return;
    }
    forget(path.tag);
    rules_.kept.insert(path.tag);
  }

  const Json::Value& body_;
  Rules& rules_;
};

hilum_level implied_level(const Rules& rules) {
  if (rules.replaces(dicom::kPatientId)) return HILUM_PATIENT;
  if (rules.replaces(dicom::kStudyInstanceUid)) return HILUM_STUDY;
  if (rules.replaces(dicom::kSeriesInstanceUid)) return HILUM_SERIES;
  return HILUM_INSTANCE;
}

dicom::AnonymizationEdition edition_of(const Json::Value& body) {
  if (!body.isMember("DicomVersion")) return dicom::AnonymizationEdition::E2023b;
  if (!body["DicomVersion"].isString()) {
    throw Error(HILUM_E_BAD_FORMAT, "String value expected in field: DicomVersion");
  }
  const std::string name = body["DicomVersion"].asString();
  if (const auto edition = dicom::find_anonymization_edition(name)) return *edition;
  throw Error(HILUM_E_OUT_OF_RANGE, "Unknown specific version of the DICOM standard: " + name.substr(0, 64));
}

}  // namespace

bool boolean_member(const Json::Value& body, const char* name, bool otherwise) {
  if (!body.isMember(name)) return otherwise;
  if (!body[name].isBool()) {
    throw Error(HILUM_E_BAD_FORMAT, std::string("Member \"") + name + "\" should be a Boolean value");
  }
  return body[name].asBool();
}

std::string string_field(const Json::Value& body, const char* name, const std::string& otherwise) {
  if (!body.isMember(name)) return otherwise;
  if (!body[name].isString()) {
    throw Error(HILUM_E_BAD_FORMAT, std::string("String value expected in field: ") + name);
  }
  return body[name].asString();
}

std::vector<std::string> resource_list(const Json::Value& body, const char* name) {
  const std::string details = std::string("List of strings expected in field: ") + name;
  auto list = rest::string_list(body, name, HILUM_E_BAD_FORMAT, details);
  if (!list) throw Error(HILUM_E_BAD_FORMAT, details);
  return std::move(*list);
}

Rules parse_rules(const Json::Value& body, Kind kind, const std::string& default_private_creator) {
  Rules rules;
  rules.kind = kind;
  rules.force = boolean_member(body, "Force", false);
  rules.edit.private_creator = string_field(body, "PrivateCreator", default_private_creator);
  if (kind == Kind::Anonymize) {
    rules.edition = edition_of(body);
    rules.remove_private = !boolean_member(body, "KeepPrivateTags", false);
    if (!rules.remove_private) rules.is_plain_profile = false;
  } else {
    rules.remove_private = boolean_member(body, "RemovePrivateTags", false);
  }
  Parser(body, rules).run();
  rules.level = kind == Kind::Anonymize ? HILUM_PATIENT : implied_level(rules);
  return rules;
}

void set_level(Rules& rules, hilum_level level) {
  rules.level = level;
  if (level == HILUM_PATIENT && !rules.replaces(dicom::kPatientId) && !rules.force) {
    throw Error(HILUM_E_BAD_REQUEST, "When modifying a patient, her PatientID is required to be modified.");
  }
  const auto forbid = [&](Tag tag, hilum_level from, const char* what) {
    if (level >= from && rules.replaces(tag) && !rules.force) throw Error(HILUM_E_BAD_REQUEST, what);
  };
  forbid(dicom::kPatientId, HILUM_STUDY,
         "When modifying a study, the parent PatientID cannot be manually modified");
  forbid(dicom::kStudyInstanceUid, HILUM_SERIES,
         "When modifying a series, the parent StudyInstanceUID cannot be manually modified");
}

hilum_level parse_level(const Json::Value& value) {
  std::string name = value.isString() ? value.asString() : "";
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  if (name == "patient") return HILUM_PATIENT;
  if (name == "study") return HILUM_STUDY;
  if (name == "series") return HILUM_SERIES;
  if (name == "instance") return HILUM_INSTANCE;
  throw Error(HILUM_E_OUT_OF_RANGE, "Level must be Patient, Study, Series or Instance");
}

}  // namespace hilum::modification
