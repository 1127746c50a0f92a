#include "core/dictionary.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcvr.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/tag.h>
#include <json/json.h>

#include <memory>
#include <vector>

namespace hilum {
namespace {

std::string where(const config::Configuration& configuration, const std::string& name) {
  return "option \"Dictionary\" (" + configuration.where("Dictionary") + "), entry \"" + name + "\": ";
}

std::unique_ptr<DcmDictEntry> entry_of(const std::string& name, const Json::Value& value,
                                       const std::string& place) {
  const std::optional<dicom::Tag> tag = dicom::find_tag(name);
  const bool is_list =
      value.isArray() && value.size() >= 2 && value.size() <= 5 && value[0].isString() && value[1].isString();
  if (!tag || !is_list) {
    throw Error(HILUM_E_BAD_TYPE, place +
                                      "\"gggg,eeee\": [\"VR\", \"Name\", minimum, maximum, \"Private "
                                      "Creator\"] is expected");
  }
  const DcmVR vr(value[0].asCString());
  if (!vr.isStandard()) {
    throw Error(HILUM_E_OUT_OF_RANGE, place + "\"" + value[0].asString() + "\" is no VR");
  }
  int multiplicity[2] = {1, 1};
  for (Json::ArrayIndex i = 2; i < 4 && i < value.size(); ++i) {
    if (!value[i].isInt() || value[i].asInt() < 0) {
      throw Error(HILUM_E_BAD_TYPE, place + "multiplicities are numbers from 0 on");
    }
    multiplicity[i - 2] = value[i].asInt();
  }
  if (value.size() == 5 && !value[4].isString()) {
    throw Error(HILUM_E_BAD_TYPE, place + "the private creator must be a text");
  }
  const std::string creator = value.size() == 5 ? value[4].asString() : std::string();
  if (dicom::is_private(*tag) == creator.empty()) {
    throw Error(HILUM_E_OUT_OF_RANGE,
                place + (creator.empty() ? "a private tag needs a private creator"
                                         : "a tag of an even group has no private creator"));
  }
  // PS3.5 section 7.8.1: the block, the upper byte, is for each data set to choose.
  const auto element =
      static_cast<Uint16>(creator.empty() ? dicom::tag_element(*tag) : dicom::tag_element(*tag) & 0xff);
  auto entry =
      std::make_unique<DcmDictEntry>(dicom::tag_group(*tag), element, vr, value[1].asCString(),
                                     multiplicity[0], multiplicity[1] == 0 ? DcmVariableVM : multiplicity[1],
                                     "configuration", OFTrue, creator.empty() ? nullptr : creator.c_str());
  entry->setGroupRangeRestriction(DcmDictRange_Unspecified);
  entry->setElementRangeRestriction(DcmDictRange_Unspecified);
  return entry;
}

// The dictionary of the process while it is changed.
class LockedDictionary {
 public:
  LockedDictionary() : dictionary_(dcmDataDict.wrlock()) {}
  LockedDictionary(const LockedDictionary&) = delete;
  LockedDictionary& operator=(const LockedDictionary&) = delete;
  ~LockedDictionary() { dcmDataDict.wrunlock(); }
  DcmDataDictionary* operator->() const { return &dictionary_; }

 private:
  DcmDataDictionary& dictionary_;
};

void load_in_place(const std::vector<std::string>& files, const std::string& option) {
  const LockedDictionary dictionary;
  dictionary->clear();
  dictionary->reloadDictionaries(OFFalse, OFFalse);  // what the toolkit itself must know
  for (const std::string& file : files) {
    if (!dictionary->loadDictionary(file.c_str())) {
      throw Error(HILUM_E_OUT_OF_RANGE, option + "\"" + file + "\" cannot be read as a dictionary of DCMTK");
    }
  }
}

void drop_private_tags() {
  const LockedDictionary dictionary;
  std::vector<std::unique_ptr<DcmDictEntry>> kept;
  const auto keep = [&](const DcmDictEntry& entry) {
    if (entry.getPrivateCreator() == nullptr) kept.push_back(std::make_unique<DcmDictEntry>(entry));
  };
  for (auto entry = dictionary->normalBegin(); entry != dictionary->normalEnd(); ++entry) keep(**entry);
  for (auto entry = dictionary->repeatingBegin(); entry != dictionary->repeatingEnd(); ++entry) keep(**entry);
  dictionary->clear();
  for (std::unique_ptr<DcmDictEntry>& entry : kept) dictionary->addEntry(entry.release());  // owns it
}

}  // namespace

void extend_dictionary(const config::Configuration& configuration) {
  static bool is_changed = false;
  const Json::Value section = configuration.section("Dictionary");
  if (is_changed) {
    LockedDictionary()->reloadDictionaries(OFTrue, OFTrue);
    is_changed = false;
  }
  if (const std::vector<std::string> files = configuration.get_paths("ExternalDictionaries");
      !files.empty()) {
    is_changed = true;
    load_in_place(files,
                  "option \"ExternalDictionaries\" (" + configuration.where("ExternalDictionaries") + "): ");
  } else if (!configuration.get_bool("LoadPrivateDictionary")) {
    is_changed = true;
    drop_private_tags();
  }
  for (const std::string& name : section.getMemberNames()) {
    std::unique_ptr<DcmDictEntry> entry = entry_of(name, section[name], where(configuration, name));
    LockedDictionary()->addEntry(entry.release());  // owns it
    is_changed = true;
  }
}

}  // namespace hilum
