// Searching the index: constraints -> resources in the order of their creation, by the cheapest way in.
//
// What C-FIND and /tools/find have in common. Which tags may be constrained at a level, and what is read from
// files, is the business of the caller.
#pragma once

#include <hilum/dicom/match.h>

#include <array>
#include <cstdint>
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
  // Set for a tag that the configuration has added (ExtraMainDicomTags) at this level: a resource that was
  // stored before lacks it without meaning anything by that, see Found::is_doubtful.
  std::optional<Level> added_at = std::nullopt;
};

struct MetadataConstraint {
  int32_t key = 0;
  dicom::Matcher matcher;
};

enum class LabelRule : uint8_t {
  kAll,   // every one of the labels; no labels: no demand
  kAny,   // one of them; no labels: no demand
  kNone,  // none of them; no labels: resources without any label
};

struct Query {
  Level level = Level::kPatient;
  std::vector<Constraint> constraints;
  std::vector<MetadataConstraint> metadata;  // of the queried level
  std::vector<std::string> labels;           // of the queried level
  LabelRule label_rule = LabelRule::kAll;
  std::vector<PublicId> parents;  // every one must be above the match
  uint64_t since = 0;             // matches to skip
  uint64_t limit = UINT64_MAX;    // matches to visit
  // Visits what may match as well: what lacks a tag because it was stored before the tag was added.
  bool with_doubtful = false;
  // Asked now and then during the search, also while nothing matches: false ends it. May throw. None: never ends.
  std::function<bool()> go_on = {};
};

// The level whose own main tag it is: the nearest one from `level` upwards.
std::optional<Level> main_tag_level(const dicom::MainTags& main_tags, Level level, Tag tag);
// The same if the configuration has added the tag there; for Constraint::added_at.
std::optional<Level> added_tag_level(const dicom::MainTags& main_tags, Level level, Tag tag);

// Does the matcher demand anything, so that an absent tag fails? An empty value does not. (A date range
// without bounds, "-", is compiled to "any present value": callers leave it out.)
bool is_constraining(const dicom::Matcher& matcher);

// One resource with the resources above it, which are read when they are asked for and kept for the next
// match. Not thread-safe; belongs to the search.
class Found {
 public:
  explicit Found(const Snapshot& snapshot) : snapshot_(snapshot) {}

  ResourceId id() const { return id_; }
  const PublicId& public_id() const;
  // These throw Error(HILUM_E_CORRUPTED) if the index has lost a resource that it names.
  const Resource& resource() const { return at(level_); }
  // At the level of the match or above.
  const Resource& at(Level level) const;
  // The value of a main tag: of the resource, else of the nearest level above that has it. Patient tags come
  // from the study's own copy, unless the resource is a patient.
  const dicom::TagValue* tag(Tag tag) const;
  // Some constraint could not be decided: the resource is older than the tag's place in the index.
  bool is_doubtful() const { return is_doubtful_; }

  // For the search. `public_id` is read when it is needed if it is not known yet.
  void set(ResourceId id, Level level, std::optional<PublicId> public_id = std::nullopt);
  void set_doubtful(bool is_doubtful) { is_doubtful_ = is_doubtful; }
  bool exists() const;

 private:
  static size_t slot(Level level) { return static_cast<size_t>(level) - 1; }

  const Snapshot& snapshot_;
  Level level_ = Level::kPatient;
  ResourceId id_ = 0;
  bool is_doubtful_ = false;
  mutable std::optional<PublicId> public_id_;
  mutable std::array<Resource, 4> chain_;  // ids that do not fit the child below are stale
};

// Visits the matches of a query, each once, in the order of their creation. `visit` returns false to stop.
// Memory: see IdSet.
void find(const Snapshot& snapshot, const Query& query, const std::function<bool(const Found&)>& visit);
// All resources of a level that match all constraints.
void find(const Snapshot& snapshot, Level level, const std::vector<Constraint>& constraints,
          const std::function<bool(const Found&)>& visit);

// Distinct values of Modality of a study's series, ascending.
std::vector<std::string> modalities_in_study(const Snapshot& snapshot, ResourceId study);
// Distinct values of SOPClassUID of a study's instances, ascending.
std::vector<std::string> sop_classes_in_study(const Snapshot& snapshot, const Resource& study);

// The value of a tag in a sorted list, or null.
const dicom::TagValue* find_tag_value(const TagValues& values, Tag tag);

}  // namespace hilum::index
