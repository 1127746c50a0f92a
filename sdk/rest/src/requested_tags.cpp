#include <hilum/dicom/text.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/requested_tags.h>
#include <hilum/rest/stored_file.h>

#include <algorithm>
#include <set>

namespace hilum::rest {

namespace {

constexpr size_t kMaximumTags = 1000;

// PS3.4 section C.3.4, table C.3-1: attributes that a query answers without any file holding them.
constexpr dicom::Tag kInstanceAvailability = 0x00080056;
constexpr dicom::Tag kModalitiesInStudy = 0x00080061;
constexpr dicom::Tag kSopClassesInStudy = 0x00080062;
constexpr dicom::Tag kPatientRelatedStudies = 0x00201200;
constexpr dicom::Tag kPatientRelatedSeries = 0x00201202;
constexpr dicom::Tag kPatientRelatedInstances = 0x00201204;
constexpr dicom::Tag kStudyRelatedSeries = 0x00201206;
constexpr dicom::Tag kStudyRelatedInstances = 0x00201208;
constexpr dicom::Tag kSeriesRelatedInstances = 0x00201209;

std::string joined(const std::set<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    if (!text.empty()) text += '\\';
    text += value;
  }
  return text;
}

std::string modalities_in_study(const Snapshot& snapshot, const Resource& study) {
  std::set<std::string> modalities;
  study.descendants(HILUM_SERIES, [&](std::string_view id) {
    std::optional<Resource> series = snapshot.find(id, HILUM_SERIES);
    if (!series) return;
    series->tags(HILUM_SERIES, [&](hilum_tag tag, bool, std::string_view value) {
      if (tag == dicom::kModality && !value.empty()) modalities.emplace(value);
    });
  });
  return joined(modalities);
}

std::string sop_classes_in_study(const Snapshot& snapshot, const Resource& study) {
  std::set<std::string> classes;
  study.descendants(HILUM_INSTANCE, [&](std::string_view id) {
    std::optional<Resource> instance = snapshot.find(id, HILUM_INSTANCE);
    if (!instance) return;
    instance->metadata([&](int32_t key, std::string_view value, int64_t) {
      if (key == HILUM_METADATA_SOP_CLASS) classes.emplace(value);
    });
  });
  return joined(classes);
}

std::optional<std::string> computed(const Snapshot& snapshot, const Resource& resource, dicom::Tag tag) {
  switch (resource.level()) {
    case HILUM_PATIENT:
      if (tag == kPatientRelatedStudies) return std::to_string(resource.statistics().studies);
      if (tag == kPatientRelatedSeries) return std::to_string(resource.statistics().series);
      if (tag == kPatientRelatedInstances) return std::to_string(resource.statistics().instances);
      break;
    case HILUM_STUDY:
      if (tag == kStudyRelatedSeries) return std::to_string(resource.statistics().series);
      if (tag == kStudyRelatedInstances) return std::to_string(resource.statistics().instances);
      if (tag == kModalitiesInStudy) return modalities_in_study(snapshot, resource);
      if (tag == kSopClassesInStudy) return sop_classes_in_study(snapshot, resource);
      break;
    case HILUM_SERIES:
      if (tag == kSeriesRelatedInstances) return std::to_string(resource.statistics().instances);
      break;
    default:
      if (tag == kInstanceAvailability) return "ONLINE";
      break;
  }
  return std::nullopt;
}

// Main tags of the resource and of all above it; the study's copy of the patient's tags wins over the
// patient's own.
TagValues main_tags_of_line(const Resource& resource) {
  TagValues values;
  for (uint32_t level = HILUM_PATIENT; level < resource.level(); ++level) {
    Resource ancestor = resource.ancestor(level);
    values.add_main_tags(ancestor, level);
    if (level == HILUM_STUDY) values.add_main_tags(ancestor, HILUM_PATIENT);
  }
  if (resource.level() == HILUM_STUDY) values.add_main_tags(resource, HILUM_PATIENT);
  values.add_main_tags(resource, resource.level());
  return values;
}

void add_from_file(const Services& services, const Snapshot& snapshot, const Resource& resource,
                   const std::vector<dicom::Tag>& tags, TagValues& values) {
  std::optional<Resource> instance = first_instance(snapshot, resource);
  if (!instance) return;
  StoredFile file(services, *instance);
  dicom::ParsedInstance parsed = file.parse_header();
  DcmDataset& data_set = parsed.data_set();
  dicom::Charset charset = dicom::Charset::of(data_set, services.default_encoding());
  for (dicom::Tag tag : tags) {
    DcmElement* element = nullptr;
    DcmTagKey key(dicom::tag_group(tag), dicom::tag_element(tag));
    if (data_set.findAndGetElement(key, element).bad() || !element) continue;
    dicom::ElementValue value = dicom::element_value(*element, charset);
    if (value.kind == dicom::ValueKind::String) {
      values.set_text(tag, value.text);
    } else if (value.kind == dicom::ValueKind::Sequence) {
      auto& sequence = static_cast<DcmSequenceOfItems&>(*element);
      dicom::JsonOptions options;
      options.default_encoding = services.default_encoding();
      std::string items;
      dicom::JsonWriter json(items);
      json.begin_array();
      for (unsigned long i = 0; i < sequence.card(); ++i) {
        dicom::write_tags_json(json, *sequence.getItem(i), options);
      }
      json.end_array();
      values.set_sequence(tag, items);
    }
  }
}

}  // namespace

std::vector<dicom::Tag> requested_tags(const Request& request) {
  std::optional<std::string_view> list = request.query("requested-tags");
  if (!list) list = request.query("requestedTags");
  std::vector<dicom::Tag> tags;
  if (!list) return tags;
  for (const std::string& name : split(*list, ';')) {
    if (name.empty()) continue;
    std::optional<dicom::Tag> tag = dicom::find_tag(name);
    if (!tag || tags.size() == kMaximumTags) {
      throw Error(HILUM_E_BAD_REQUEST,
                  "Invalid requestedTags argument: " +
                      (tag ? "at most " + std::to_string(kMaximumTags) + " tags"
                           : "\"" + name + "\" is no tag; names or gggg,eeee are separated by semicolons"));
    }
    if (std::find(tags.begin(), tags.end(), *tag) == tags.end()) tags.push_back(*tag);
  }
  return tags;
}

TagValues requested_tag_values(const Services& services, const Snapshot& snapshot, const Resource& resource,
                               const std::vector<dicom::Tag>& tags, bool read_files) {
  TagValues values;
  TagValues indexed = main_tags_of_line(resource);
  std::vector<dicom::Tag> missing;
  for (dicom::Tag tag : tags) {
    if (std::optional<std::string> text = computed(snapshot, resource, tag)) {
      values.set_text(tag, *text);
    } else if (!values.take(tag, indexed)) {
      missing.push_back(tag);
    }
  }
  if (!missing.empty() && read_files) add_from_file(services, snapshot, resource, missing, values);
  return values;
}

}  // namespace hilum::rest
