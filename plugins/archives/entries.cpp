#include "entries.h"

#include <hilum/dicom/tag.h>
#include <hilum/rest/arguments.h>

#include <algorithm>

namespace hilum::archives {

namespace {

constexpr dicom::Tag kStudyDescription = 0x00081030;
constexpr dicom::Tag kSeriesDescription = 0x0008103e;
// Series with more instances are looked up by all threads.
constexpr size_t kLookUpAlone = 500;

// Main tags of a resource, by the two that a name is made of.
struct TwoTags {
  std::string first, second;
};
TwoTags two_tags(const Resource& resource, uint32_t of_level, dicom::Tag first, dicom::Tag second) {
  TwoTags tags;
  resource.tags(of_level, [&](hilum_tag tag, bool is_sequence, std::string_view value) {
    if (is_sequence) return;
    if (tag == first) tags.first = value;
    if (tag == second) tags.second = value;
  });
  return tags;
}

std::optional<int64_t> index_of(const Resource& instance) {
  std::optional<int64_t> index;
  instance.metadata([&](int32_t key, std::string_view value, int64_t) {
    if (key == HILUM_METADATA_INDEX_IN_SERIES) index = rest::parse_integer(value);
  });
  return index;
}

}  // namespace

EntryList::EntryList(const rest::Services& services, Pool& pool, const Selection& selection, Layout layout,
                     bool utf8)
    : services_(services),
      pool_(pool),
      layout_(layout),
      utf8_(utf8),
      of_patients_(selection.of_patients()),
      series_(series_of(selection, services.index.snapshot())) {}

std::optional<Entry> EntryList::next() {
  while (next_instance_ == instances_.size()) {
    if (!open_series()) return std::nullopt;
  }
  Instance& instance = instances_[next_instance_++];
  Entry entry{{}, std::move(instance.id), open_};
  if (layout_ == Layout::kMedia) {
    entry.path = "IMAGES/IM" + std::to_string(image_++);
  } else {
    entry.path = folder_ + '/' + file_name(modality_, *instance.index);
  }
  return entry;
}

// Opens the next series that still exists; false if there is none.
bool EntryList::open_series() {
  instances_.clear();
  next_instance_ = 0;
  while (next_series_ < series_.size()) {
    const SelectedSeries& at = series_[next_series_++];
    const Snapshot snapshot = services_.index.snapshot();
    const std::optional<Resource> series = snapshot.find(at.series, HILUM_SERIES);
    if (!series) continue;
    open_ = &at;
    number(instances_of(snapshot, *series, at.instances));
    if (layout_ == Layout::kFolders) name_folders(snapshot, at, *series);
    return true;
  }
  return false;
}

std::vector<EntryList::Instance> EntryList::instances_of(const Snapshot& snapshot, const Resource& series,
                                                         const std::vector<std::string>* selected) {
  std::vector<Instance> list;
  if (selected) {
    for (const std::string& id : *selected) list.push_back({id, std::nullopt});
  } else {
    series.descendants(HILUM_INSTANCE, [&](std::string_view id) {
      list.push_back({std::string(id), std::nullopt});
    });
  }
  const auto look_up = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      if (const std::optional<Resource> instance = snapshot.find(list[i].id, HILUM_INSTANCE))
        list[i].index = index_of(*instance);
    }
  };
  if (list.size() <= kLookUpAlone) {
    look_up(0, list.size());
    return list;
  }
  std::vector<std::future<void>> parts;
  const size_t part = (list.size() + pool_.size() - 1) / pool_.size();
  for (size_t begin = 0; begin < list.size(); begin += part) {
    const size_t end = std::min(begin + part, list.size());
    parts.push_back(pool_.submit([&look_up, begin, end] { look_up(begin, end); }));
  }
  for (std::future<void>& one : parts) one.wait();
  for (std::future<void>& one : parts) one.get();
  return list;
}

// Sorts by the index in the series, and numbers the files by it if each has one of its own; else they are counted.
void EntryList::number(std::vector<Instance> instances) {
  std::stable_sort(instances.begin(), instances.end(), [](const Instance& a, const Instance& b) {
    return a.index.value_or(INT64_MAX) < b.index.value_or(INT64_MAX);
  });
  bool distinct = true;
  for (size_t i = 0; i < instances.size(); ++i) {
    distinct = distinct && instances[i].index && (i == 0 || instances[i].index != instances[i - 1].index);
  }
  if (!distinct) {
    int64_t count = 0;
    for (Instance& instance : instances) instance.index = count++;
  }
  instances_ = std::move(instances);
}

void EntryList::name_folders(const Snapshot& snapshot, const SelectedSeries& at, const Resource& series) {
  const bool other_patient = patient_ != at.patient || patient_folder_.empty();
  if (other_patient || study_ != at.study) {
    const Resource study = series.ancestor(HILUM_STUDY);
    if (other_patient) {
      patient_ = at.patient;
      const std::optional<Resource> patient =
          of_patients_ ? snapshot.find(at.patient, HILUM_PATIENT) : std::nullopt;
      const TwoTags tags =
          two_tags(patient ? *patient : study, HILUM_PATIENT, dicom::kPatientId, dicom::kPatientName);
      patient_folder_ = patient_names_.unique(folder_name(tags.first, tags.second, "Unknown Patient", utf8_));
      study_names_ = NameSet();
    }
    study_ = at.study;
    const TwoTags tags = two_tags(study, HILUM_STUDY, dicom::kAccessionNumber, kStudyDescription);
    study_folder_ = study_names_.unique(folder_name(tags.first, tags.second, "Unknown Study", utf8_));
    series_names_ = NameSet();
  }
  const TwoTags tags = two_tags(series, HILUM_SERIES, dicom::kModality, kSeriesDescription);
  modality_ = tags.first;
  folder_ = patient_folder_ + '/' + study_folder_ + '/' +
            series_names_.unique(folder_name(tags.first, tags.second, "Unknown Series", utf8_));
}

}  // namespace hilum::archives
