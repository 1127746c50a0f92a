// The instances of a selection in the order of the archive, with the names of their entries.
#pragma once

#include <hilum/rest/call.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "names.h"
#include "pool.h"
#include "selection.h"

namespace hilum::archives {

struct Entry {
  std::string path;
  std::string instance;          // id
  const SelectedSeries* series;  // of the list that has made the entry
};

enum class Layout : uint8_t {
  kFolders,  // PATIENT/STUDY/SERIES/FILE
  kMedia     // IMAGES/IM0...
};

// Walks through a selection; the instances of one series at a time are in memory. What is deleted meanwhile is left out.
// One thread at a time.
class EntryList {
 public:
  EntryList(const rest::Services& services, Pool& pool, const Selection& selection, Layout layout, bool utf8);

  std::optional<Entry> next();

 private:
  struct Instance {
    std::string id;
    std::optional<int64_t> index;  // in the series
  };
  bool open_series();
  std::vector<Instance> instances_of(const Snapshot& snapshot, const Resource& series,
                                     const std::vector<std::string>* selected);
  void number(std::vector<Instance> instances);
  void name_folders(const Snapshot& snapshot, const SelectedSeries& at, const Resource& series);

  const rest::Services& services_;
  Pool& pool_;
  const Layout layout_;
  const bool utf8_;
  const bool of_patients_;
  std::vector<SelectedSeries> series_;
  size_t next_series_ = 0;
  // Of the series that is open.
  const SelectedSeries* open_ = nullptr;
  std::vector<Instance> instances_;  // `index` is the number of the file
  size_t next_instance_ = 0;
  std::string folder_;
  std::string modality_;
  // Of the folders around it.
  std::string patient_, study_;
  std::string patient_folder_, study_folder_;
  NameSet patient_names_, study_names_, series_names_;
  uint64_t image_ = 0;  // of media
};

}  // namespace hilum::archives
