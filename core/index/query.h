// Searching the index: constraints on main DICOM tags -> resources, by the cheapest search key.
//
// What C-FIND and /tools/find have in common. Which tags may be constrained at a level, and what is read from
// files, is the business of the caller.
#pragma once

#include <hilum/dicom/match.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/index/snapshot.h"
#include "core/index/types.h"

namespace hilum::index {

// ModalitiesInStudy: not kept, but asked for by every viewer. As a constraint at the level of studies it
// matches if the Modality of any child series does.
inline constexpr Tag kModalitiesInStudy = 0x00080061;

// A main tag of the queried level or of a level above (at the level of studies also kModalitiesInStudy) and
// what it must match. A tag that is absent from the resource matches nothing, unless the matcher demands
// nothing.
struct Constraint {
  Tag tag = 0;
  dicom::Matcher matcher;
};

// Does the matcher demand anything, so that an absent tag fails? An empty value does not. (A date range
// without bounds, "-", is compiled to "any present value": callers leave it out.)
bool is_constraining(const dicom::Matcher& matcher);

// One resource with the resources above it, which are read when they are asked for and kept for the next
// match. Not thread-safe; belongs to the search.
class Found {
 public:
  explicit Found(const Snapshot& snapshot) : snapshot_(snapshot) {}

  const Resource& resource() const { return chain_[slot(level_)]; }
  // At the level of the match or above. Throws Error(HILUM_E_CORRUPTED) if the index has lost it.
  const Resource& at(Level level) const;
  // The value of a main tag: of the resource, else of the nearest level above that has it. Patient tags come
  // from the study's own copy, unless the resource is a patient.
  const dicom::TagValue* tag(Tag tag) const;

  void set(Resource resource);  // for the search

 private:
  static size_t slot(Level level) { return static_cast<size_t>(level) - 1; }

  const Snapshot& snapshot_;
  Level level_ = Level::kPatient;
  mutable std::array<Resource, 4> chain_;  // ids that do not fit the child below are stale
};

// Visits all resources of `level` that match all constraints, each once; the order is that of the search key
// used. `visit` returns false to stop. Memory does not grow with the number of matches.
void find(const Snapshot& snapshot, Level level, const std::vector<Constraint>& constraints,
          const std::function<bool(const Found&)>& visit);

// Distinct values of Modality of a study's series, ascending.
std::vector<std::string> modalities_in_study(const Snapshot& snapshot, ResourceId study);
// Distinct values of SOPClassUID of a study's instances, ascending.
std::vector<std::string> sop_classes_in_study(const Snapshot& snapshot, const Resource& study);

// The value of a tag in a sorted list, or null.
const dicom::TagValue* find_tag_value(const TagValues& values, Tag tag);

}  // namespace hilum::index
