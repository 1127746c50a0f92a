#include "core/dimse/find_answer.h"

#include <dcmtk/dcmdata/dctk.h>
#include <hilum/dicom/text.h>

#include <algorithm>

#include "core/dimse/element_copy.h"

namespace hilum::dimse {
namespace {

using index::Level;

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    text += (text.empty() ? "" : "\\") + value;
  }
  return text;
}

// Counters, ModalitiesInStudy...: nothing if the tag is not computed at this level ("" is the value then).
std::optional<std::string> computed(Tag tag, const index::Snapshot& snapshot, const index::Found& found) {
  const index::Resource& resource = found.resource();
  const Level level = resource.level;
  if (tag == kInstanceAvailability) {
    return "ONLINE";
  }
  if (tag == index::kModalitiesInStudy || tag == kSopClassesInStudy) {
    if (level != Level::kStudy) {
      return "";
    }
    return joined(tag == index::kModalitiesInStudy ? index::modalities_in_study(snapshot, resource.id)
                                                   : index::sop_classes_in_study(snapshot, resource));
  }
  if (!is_counter(tag)) {
    return std::nullopt;
  }
  const index::Counters counters = snapshot.counters(resource);
  switch (tag) {
    case 0x00201200:  // NumberOfPatientRelatedStudies
      return level == Level::kPatient ? std::to_string(counters.studies) : "";
    case 0x00201202:  // NumberOfPatientRelatedSeries
      return level == Level::kPatient ? std::to_string(counters.series) : "";
    case 0x00201204:  // NumberOfPatientRelatedInstances
      return level == Level::kPatient ? std::to_string(counters.instances) : "";
    case 0x00201206:  // NumberOfStudyRelatedSeries
      return level == Level::kStudy ? std::to_string(counters.series) : "";
    case 0x00201208:  // NumberOfStudyRelatedInstances
      return level == Level::kStudy ? std::to_string(counters.instances) : "";
    default:  // NumberOfSeriesRelatedInstances
      return level == Level::kSeries ? std::to_string(counters.instances) : "";
  }
}

// The text of a key, in UTF-8, if the index or a count has it.
std::optional<std::string> indexed_text(const RequestedKey& key, const FindRules& rules,
                                        const index::Snapshot& snapshot, const index::Found& found,
                                        Sample& sample) {
  if (key.is_sequence) {
    return std::nullopt;
  }
  if (std::optional<std::string> value = computed(key.tag, snapshot, found)) {
    return value;
  }
  if (const dicom::TagValue* value = found.tag(key.tag)) {
    return value->is_json ? std::nullopt : std::optional<std::string>(value->value);
  }
  if (rules.storage_access != StorageAccess::kNever) {
    if (const dicom::TagValue* value = sample.main_tag(key.tag)) {
      return value->is_json ? std::nullopt : std::optional<std::string>(value->value);
    }
  }
  return std::nullopt;
}

void add_key(const RequestedKey& key, const FindRules& rules, const index::Snapshot& snapshot,
             const index::Found& found, Sample& sample, const dicom::Charset& charset, DcmDataset& answer) {
  if (const auto text = indexed_text(key, rules, snapshot, found, sample)) {
    insert_text(answer, key.tag, *text, charset);
    return;
  }
  const bool is_own =
      rules.main_tags.contains(index::dicom_level(found.resource().level), key.tag) && !key.is_sequence;
  if (rules.storage_access != StorageAccess::kNever && !is_own) {
    if (DcmElement* element = sample.element(key.tag, key.private_creator)) {
      insert_copy(answer, key.tag, key.private_creator, *element,
                  dicom::Charset::of(*sample.data_set(), rules.default_encoding), charset);
      return;
    }
  }
  insert_empty(answer, key.tag, key.private_creator, key.is_sequence);
}

}  // namespace

void Sample::find_instance() {
  if (searched_) {
    return;
  }
  searched_ = true;
  const index::Resource& match = found_.resource();
  if (match.level == Level::kInstance) {
    instance_ = match;
    return;
  }
  snapshot_.descendants(match, Level::kInstance, [&](index::ResourceId id, const index::PublicId&) {
    instance_ = snapshot_.get(id);
    return !instance_.has_value();
  });
  // From the instance up to just below the match.
  std::optional<index::Resource> next = instance_;
  while (next && next->level > match.level) {
    below_.push_back(std::move(*next));
    next = snapshot_.get(below_.back().parent);
  }
}

const dicom::TagValue* Sample::main_tag(Tag tag) {
  find_instance();
  // The highest level first: a tag of the study is the study's, whatever else repeats it.
  for (auto resource = below_.rbegin(); resource != below_.rend(); ++resource) {
    if (const dicom::TagValue* value = index::find_tag_value(resource->tags, tag)) {
      return value;
    }
  }
  return nullptr;
}

DcmDataset* Sample::data_set() {
  if (!opened_) {
    opened_ = true;
    find_instance();
    if (instance_) {
      file_ = StoredInstance::open(ingest_, *instance_);
    }
  }
  return file_ ? &file_->data_set() : nullptr;
}

DcmElement* Sample::element(Tag tag, const std::string& private_creator) {
  DcmDataset* file = data_set();
  if (file == nullptr) {
    return nullptr;
  }
  DcmTagKey key(dicom::tag_group(tag), dicom::tag_element(tag));
  if (dicom::is_private(tag) && !dicom::is_private_creator(tag)) {
    if (private_creator.empty()) {
      return nullptr;  // nobody knows what the tag means
    }
    // The file may have given the creator another block.
    const std::optional<uint16_t> block = private_block(*file, dicom::tag_group(tag), private_creator);
    if (!block) {
      return nullptr;
    }
    key.set(dicom::tag_group(tag), static_cast<Uint16>((*block << 8) | (dicom::tag_element(tag) & 0xff)));
  }
  DcmElement* element = nullptr;
  return file->findAndGetElement(key, element).good() ? element : nullptr;
}

bool file_matches(const std::vector<FileConstraint>& constraints, const FindRules& rules, Sample& sample) {
  return std::all_of(constraints.begin(), constraints.end(), [&](const FileConstraint& constraint) {
    DcmElement* element = sample.element(constraint.tag, constraint.private_creator);
    if (element == nullptr) {
      return false;
    }
    const dicom::ElementValue value = dicom::element_value(
        *element, dicom::Charset::of(*sample.data_set(), rules.default_encoding), {0, false});
    return value.kind == dicom::ValueKind::String && constraint.matcher.matches(value.text);
  });
}

std::unique_ptr<DcmDataset> find_answer(const FindQuery& query, const FindRules& rules,
                                        const index::Snapshot& snapshot, const index::Found& found,
                                        Sample& sample) {
  auto answer = std::make_unique<DcmDataset>();
  const dicom::Charset charset(rules.default_encoding);
  answer->putAndInsertString(DCM_SpecificCharacterSet, dicom::specific_character_set(rules.default_encoding));
  answer->putAndInsertString(DCM_QueryRetrieveLevel, query.level_text.c_str());
  answer->putAndInsertString(DCM_RetrieveAETitle, rules.retrieve_aet.c_str());
  for (const RequestedKey& key : query.keys) {
    add_key(key, rules, snapshot, found, sample, charset, *answer);
  }
  return answer;
}

}  // namespace hilum::dimse
