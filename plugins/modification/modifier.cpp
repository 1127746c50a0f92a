#include "modifier.h"

#include <dcmtk/dcmdata/dcdatset.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/text.h>
#include <hilum/dicom/transfer_syntax.h>

#include <algorithm>

#include "content.h"

namespace hilum::modification {

namespace {

using dicom::Tag;

constexpr Tag kEncapsulatedDocument = 0x00420011;

Tag tag_of(DcmObject& object) { return dicom::make_tag(object.getGTag(), object.getETag()); }

// The block of a private tag belongs to the creator in (gggg,00bb) (PS3.5 section 7.8.1).
Tag creator_of(Tag tag) {
  return dicom::make_tag(dicom::tag_group(tag), static_cast<uint16_t>(dicom::tag_element(tag) >> 8));
}

bool embeds(const Json::Value& value, bool (*is_type)(std::string_view)) {
  if (!value.isString() || !dicom::is_data_uri(value.asString())) return false;
  return is_type(dicom::parse_data_uri(value.asString()).media_type);
}

}  // namespace

void Modifier::apply(dicom::EditedFile& file) {
  DcmDataset& data_set = file.data_set();
  choose_charset(data_set);
  const dicom::Charset charset = dicom::Charset::of(data_set, default_encoding_);
  const auto old_value = [&](Tag tag) { return dicom::text_of(data_set, tag, charset).value_or(""); };
  old_patient_ = old_value(dicom::kPatientId);
  old_study_ = old_value(dicom::kStudyInstanceUid);
  old_series_ = old_value(dicom::kSeriesInstanceUid);
  old_instance_ = old_value(dicom::kSopInstanceUid);

  if (rules_.kind == Kind::Modify && rules_.remove_private) remove_private(data_set);
  remove_and_replace(file, charset);
  renew_identifiers(data_set, charset);
  if (rules_.kind == Kind::Anonymize) anonymize(data_set, charset);
  change_paths(data_set, charset);
}

// Texts that the file's character set cannot hold make it one in UTF-8, unless the request names one.
void Modifier::choose_charset(DcmDataset& data_set) const {
  const auto named = rules_.replaced.find(dicom::kSpecificCharacterSet);
  if (named != rules_.replaced.end() && named->second.isString()) {
    return dicom::change_charset(data_set, default_encoding_, named->second.asString());
  }
  const dicom::Charset charset = dicom::Charset::of(data_set, default_encoding_);
  const auto is_fine = [&](const auto& entry) { return dicom::is_representable(entry.second, charset); };
  if (std::all_of(rules_.replaced.begin(), rules_.replaced.end(), is_fine) &&
      std::all_of(
          rules_.replaced_paths.begin(), rules_.replaced_paths.end(),
          [&](const PathReplacement& entry) { return dicom::is_representable(entry.value, charset); })) {
    return;
  }
  dicom::change_charset(data_set, default_encoding_, dicom::specific_character_set(dicom::Encoding::Utf8));
}

// Of the top level only. What the request names stays, with the creators of its blocks, without which it has no meaning.
void Modifier::remove_private(DcmDataset& data_set) const {
  std::set<Tag> spared;
  const auto spare = [&](Tag tag) {
    if (!dicom::is_private(tag)) return;
    spared.insert(tag);
    spared.insert(creator_of(tag));
  };
  for (const auto& [tag, value] : rules_.replaced) spare(tag);
  for (const Tag tag : rules_.kept) spare(tag);
  std::vector<DcmElement*> gone;
  for (DcmObject* o = data_set.nextInContainer(nullptr); o != nullptr; o = data_set.nextInContainer(o)) {
    const Tag tag = tag_of(*o);
    if (dicom::is_private(tag) && spared.count(tag) == 0) gone.push_back(static_cast<DcmElement*>(o));
  }
  for (DcmElement* element : gone) delete data_set.remove(element);
}

void Modifier::remove_and_replace(dicom::EditedFile& file, const dicom::Charset& charset) const {
  DcmDataset& data_set = file.data_set();
  for (const Tag tag : rules_.removed) {
    if (tag == dicom::kPixelData) file.drop_pixel_data();
    dicom::remove_element(data_set, tag);
  }
  for (const auto& [tag, value] : rules_.replaced) {
    if (tag == dicom::kPixelData) {
      replace_pixel_data(file, charset);
    } else if (tag == kEncapsulatedDocument && embeds(value, is_document)) {
      embed(data_set, dicom::parse_data_uri(value.asString()));
    } else if (tag != dicom::kSpecificCharacterSet) {
      dicom::set_json_value(data_set, tag, value, charset, rules_.edit);
    }
  }
}

void Modifier::replace_pixel_data(dicom::EditedFile& file, const dicom::Charset& charset) const {
  const Json::Value& value = rules_.replaced.at(dicom::kPixelData);
  file.replace_pixel_data();
  if (embeds(value, is_picture)) {
    embed(file.data_set(), dicom::parse_data_uri(value.asString()));
  } else {
    dicom::set_json_value(file.data_set(), dicom::kPixelData, value, charset, rules_.edit);
  }
}

void Modifier::renew_identifiers(DcmDataset& data_set, const dicom::Charset& charset) {
  const bool anonymize = rules_.kind == Kind::Anonymize;
  const auto renewed_uid = [&](Tag tag, hilum_level level, const std::string& old_value) {
    if (rules_.replaces(tag)) {
      identifiers_.fix(level, old_value, dicom::text_of(data_set, tag, charset).value_or(""));
    } else if (rules_.keeps(tag)) {
      identifiers_.fix(level, old_value, old_value);
    } else if (rules_.level <= level) {
      dicom::set_text(data_set, tag, identifiers_.uid(level, old_value), charset);
    }
  };
  renewed_uid(dicom::kStudyInstanceUid, HILUM_STUDY, old_study_);
  renewed_uid(dicom::kSeriesInstanceUid, HILUM_SERIES, old_series_);
  renewed_uid(dicom::kSopInstanceUid, HILUM_INSTANCE, old_instance_);
  if (!anonymize) return;
  if (rules_.replaces(dicom::kPatientId)) {
    identifiers_.fix(HILUM_PATIENT, old_patient_,
                     dicom::text_of(data_set, dicom::kPatientId, charset).value_or(""));
  } else if (!rules_.keeps(dicom::kPatientId)) {
    dicom::set_text(data_set, dicom::kPatientId, identifiers_.patient_id(old_patient_), charset);
  }
}

void Modifier::change_paths(DcmDataset& data_set, const dicom::Charset& charset) const {
  for (const dicom::TagPath& path : rules_.removed_paths) {
    dicom::for_each_item(data_set, path, [&](DcmItem& item) { dicom::remove_element(item, path.tag); });
  }
  for (const PathReplacement& replacement : rules_.replaced_paths) {
    dicom::for_each_item(data_set, replacement.path, [&](DcmItem& item) {
      dicom::set_json_value(item, replacement.path.tag, replacement.value, dicom::Charset::of(item, charset),
                            rules_.edit);
    });
  }
}

}  // namespace hilum::modification
