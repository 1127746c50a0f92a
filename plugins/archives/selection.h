// Which resources go into an archive, as a tree.
#pragma once

#include <hilum/cpp/index.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::archives {

// A node of the tree: a patient, study or series that goes in as a whole, or some of what is below it.
struct Selected {
  bool whole = false;
  std::map<std::string, Selected> below;  // by their ids, in the order of the archive
  std::vector<std::string> instances;     // of a series that does not go in as a whole; may repeat
};

// How much there is.
struct Amount {
  uint64_t instances = 0;
  uint64_t bytes = 0;  // as stored, before any transcoding
};

// What a request asks for. Built once, then only read.
class Selection {
 public:
  // Adds a resource of any level and all below it. What is in already, or below what is, stays once; an instance that
  // is added twice by its own id goes in twice, as in Orthanc. False: unknown id, or not of `level` (0: any).
  bool add(const Snapshot& snapshot, const std::string& id, uint32_t level = 0);

  const std::map<std::string, Selected>& patients() const { return patients_; }
  // Patients asked for by their own ids show their own tags, others those of their study.
  bool of_patients() const { return of_patients_; }
  Amount amount(const Snapshot& snapshot) const;

 private:
  std::map<std::string, Selected> patients_;
  bool of_patients_ = false;
};

// A series of the selection, and the resources above it.
struct SelectedSeries {
  std::string patient;
  std::string study;
  std::string series;
  const std::vector<std::string>* instances;  // null: all
};

// All series in the order of the archive. What has been deleted meanwhile is left out.
std::vector<SelectedSeries> series_of(const Selection& selection, const Snapshot& snapshot);

}  // namespace hilum::archives
