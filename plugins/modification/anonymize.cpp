// Modifier: the confidentiality profile, at every depth of a data set.
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/text.h>
#include <hilum/version.h>

#include <algorithm>
#include <array>

#include "modifier.h"

namespace hilum::modification {

namespace {

using dicom::AnonymizationRule;
using dicom::Tag;

constexpr Tag kPatientIdentityRemoved = 0x00120062;
constexpr Tag kDeidentificationMethod = 0x00120063;
constexpr Tag kReferencedSopInstanceUid = 0x00081155;

// DCMTK looks for an element that goes from the beginning of its item: many of them, time that grows with the square.
constexpr unsigned long kMostElements = 100000;

Tag tag_of(DcmObject& object) { return dicom::make_tag(object.getGTag(), object.getETag()); }

// RT structure sets point to a study by the tag that elsewhere means an instance (PS3.3 section C.8.8.5).
bool is_study_reference(Tag tag, const std::vector<Tag>& sequences) {
  constexpr Tag kReferencedFrameOfReference = 0x30060010;
  constexpr Tag kRtReferencedStudy = 0x30060012;
  return tag == kReferencedSopInstanceUid && sequences.size() == 2 &&
         sequences[0] == kReferencedFrameOfReference && sequences[1] == kRtReferencedStudy;
}

void remove(DcmItem& item, DcmElement& element) { delete item.remove(&element); }

bool begins_with_item(DcmElement& element) {
  std::array<unsigned char, 4> bytes{};
  if (element.getLength() < bytes.size()) return false;
  if (element.getPartialValue(bytes.data(), 0, bytes.size()).bad()) return true;  // nobody can tell
  return bytes == std::array<unsigned char, 4>{0xfe, 0xff, 0x00, 0xe0} ||
         bytes == std::array<unsigned char, 4>{0xff, 0xfe, 0xe0, 0x00};
}

// Bytes that are a sequence to others: written with VR UN and a defined length, or with implicit VR and a tag that the
// dictionary does not know. DCMTK has not opened it, and neither can the profile.
bool is_unopened_sequence(DcmElement& element) {
  if (!element.isLeaf() || element.getLength() == 0) return false;
  const DcmTag& key = element.getTag();
  const char* creator = key.getPrivateCreator();
  if (dicom::dictionary_vr(tag_of(element), creator == nullptr ? "" : creator) == EVR_SQ) return true;
  const DcmEVR vr = key.getEVR();
  return (vr == EVR_UN || vr == EVR_UNKNOWN || vr == EVR_UNKNOWN2B) && begins_with_item(element);
}

}  // namespace

void Modifier::anonymize(DcmDataset& data_set, const dicom::Charset& charset) {
  Place top{{}, {}, charset};
  for (const dicom::TagPath& path : rules_.kept_paths) top.kept_paths.push_back(&path);
  if (rules_.needs_name()) dicom::set_text(data_set, dicom::kPatientName, patient_name_, charset);
  clean_item(data_set, top);
  write_deidentification(data_set);
}

void Modifier::clean_item(DcmItem& item, const Place& place) {
  if (item.card() > kMostElements) {
    throw Error(HILUM_E_TOO_LARGE, "an item of more than " + std::to_string(kMostElements) + " elements");
  }
  std::vector<DcmElement*> elements;
  elements.reserve(item.card());
  for (DcmObject* o = item.nextInContainer(nullptr); o != nullptr; o = item.nextInContainer(o)) {
    elements.push_back(static_cast<DcmElement*>(o));
  }
  for (DcmElement* element : elements) clean_element(item, *element, place);
}

void Modifier::clean_element(DcmItem& item, DcmElement& element, const Place& place) {
  const Tag tag = tag_of(element);
  if (is_kept(item, tag, place)) return;
  if (place.is_top() && rules_.replaces(tag)) return;  // the request's own value
  if (dicom::is_private(tag)) {
    if (rules_.remove_private) return remove(item, element);
  } else if (clean_identity(item, element, place)) {
    return;
  }
  AnonymizationRule rule = dicom::anonymization_rule(rules_.edition, tag);
  if (rules_.removes(tag)) rule = AnonymizationRule::Remove;
  switch (rule) {
    case AnonymizationRule::Remove:
      return remove(item, element);
    case AnonymizationRule::Empty:
      // Below the top level, what has no text goes: nobody can tell what an empty one would mean there.
      if (!place.is_top() && !dicom::is_text_vr(element.ident())) return remove(item, element);
      return dicom::empty_element(item, tag);
    case AnonymizationRule::MapUid:
      return map_uids(item, element, place);
    case AnonymizationRule::Keep:
      if (is_unopened_sequence(element)) return remove(item, element);
      if (element.ident() == EVR_SQ) clean_sequence(static_cast<DcmSequenceOfItems&>(element), tag, place);
      return;
  }
}

void Modifier::clean_sequence(DcmSequenceOfItems& sequence, Tag tag, const Place& place) {
  const size_t depth = place.sequences.size();
  uint32_t index = 0;
  for (DcmObject* o = sequence.nextInContainer(nullptr); o != nullptr;
       o = sequence.nextInContainer(o), ++index) {
    auto& item = static_cast<DcmItem&>(*o);
    Place inside{{}, place.sequences, dicom::Charset::of(item, place.charset)};
    inside.sequences.push_back(tag);
    for (const dicom::TagPath* path : place.kept_paths) {
      if (path->steps.size() <= depth || path->steps[depth].sequence != tag) continue;
      if (path->steps[depth].index.value_or(index) == index) inside.kept_paths.push_back(path);
    }
    clean_item(item, inside);
  }
}

// A tag that the request keeps is kept at every depth; so is all that stands below it or below the end of a path.
bool Modifier::is_kept(DcmItem& item, Tag tag, const Place& place) const {
  if (rules_.keeps(tag)) return true;
  if (dicom::is_private_creator(tag) && rules_.remove_private) {
    const uint16_t group = dicom::tag_group(tag);
    const uint16_t block = dicom::tag_element(tag);
    const auto needs = [&](Tag other) {
      return dicom::tag_group(other) == group && dicom::tag_element(other) >> 8 == block &&
             dicom::has_element(item, other);
    };
    if (std::any_of(rules_.kept.begin(), rules_.kept.end(), needs)) return true;
    if (place.is_top() && std::any_of(rules_.replaced.begin(), rules_.replaced.end(),
                                      [&](const auto& replaced) { return needs(replaced.first); })) {
      return true;
    }
  }
  const size_t depth = place.sequences.size();
  return std::any_of(place.kept_paths.begin(), place.kept_paths.end(), [&](const dicom::TagPath* path) {
    return path->steps.size() == depth && path->tag == tag && depth > 0;
  });
}

// Who it is: at the top level the identifiers have been renewed already. True if the tag is one of them.
bool Modifier::clean_identity(DcmItem& item, DcmElement& element, const Place& place) {
  const Tag tag = tag_of(element);
  switch (tag) {
    case dicom::kPatientName:
      if (!place.is_top()) clean_name(item, place);
      return !rules_.removes(tag) || !place.is_top();
    case dicom::kPatientId:
      if (!place.is_top()) {
        const std::string old_value = dicom::text_of(item, tag, place.charset).value_or("");
        dicom::set_text(item, tag, identifiers_.patient_id(old_value), place.charset);
      }
      return true;
    case dicom::kStudyInstanceUid:
    case dicom::kSeriesInstanceUid:
    case dicom::kSopInstanceUid:
      if (!place.is_top()) map_uids(item, element, place);
      return true;
    default:
      return false;
  }
}

// Names inside sequences follow the one at the top level.
void Modifier::clean_name(DcmItem& item, const Place& place) const {
  const auto replaced = rules_.replaced.find(dicom::kPatientName);
  if (replaced != rules_.replaced.end()) {
    dicom::set_json_value(item, dicom::kPatientName, replaced->second, place.charset, rules_.edit);
  } else if (rules_.removes(dicom::kPatientName)) {
    dicom::remove_element(item, dicom::kPatientName);
  } else {
    dicom::set_text(item, dicom::kPatientName, patient_name_, place.charset);
  }
}

void Modifier::map_uids(DcmItem& item, DcmElement& element, const Place& place) {
  const Tag tag = tag_of(element);
  const std::optional<std::string> text = dicom::text_of(item, tag, place.charset);
  const bool has_bytes = !element.isLeaf() || element.getLength() > 0;
  // Bytes or items where a UID should be: they may say anything, and nothing can be put in their place.
  if (!text && has_bytes) return remove(item, element);
  // A UID of nothing would tie together what has nothing in common; what stands behind a zero byte goes.
  if (!text || text->empty()) {
    if (has_bytes) dicom::empty_element(item, tag);
    return;
  }
  const std::string& old_values = *text;
  const bool is_instance = tag == kReferencedSopInstanceUid || tag == dicom::kSopInstanceUid;
  hilum_level level = HILUM_INSTANCE;
  if (tag == dicom::kStudyInstanceUid || is_study_reference(tag, place.sequences)) level = HILUM_STUDY;
  if (tag == dicom::kSeriesInstanceUid) level = HILUM_SERIES;
  // Instances that keep their identifiers are still found by them.
  if (is_instance && level == HILUM_INSTANCE && rules_.keeps(dicom::kSopInstanceUid)) return;
  if (level == HILUM_STUDY && rules_.keeps(dicom::kStudyInstanceUid)) return;
  std::string new_values;
  size_t begin = 0;
  while (begin <= old_values.size()) {
    const size_t end = std::min(old_values.find('\\', begin), old_values.size());
    if (begin > 0) new_values += '\\';
    if (end > begin)
      new_values += identifiers_.uid(level, std::string_view(old_values).substr(begin, end - begin));
    begin = end + 1;
  }
  dicom::set_text(item, tag, new_values, place.charset);
}

void Modifier::write_deidentification(DcmDataset& data_set) const {
  const dicom::Charset ascii(dicom::Encoding::Ascii);
  const auto is_free = [&](Tag tag) {
    return !rules_.replaces(tag) && !rules_.removes(tag) && !rules_.keeps(tag);
  };
  if (is_free(kPatientIdentityRemoved)) dicom::set_text(data_set, kPatientIdentityRemoved, "YES", ascii);
  if (!is_free(kDeidentificationMethod)) return;
  std::string method = "Hilum " HILUM_VERSION;
  if (rules_.is_plain_profile) method += std::string(" - ") + dicom::anonymization_method(rules_.edition);
  dicom::set_text(data_set, kDeidentificationMethod, method, ascii);
}

}  // namespace hilum::modification
