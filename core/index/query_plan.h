// The way in to the matches of a query: the shortest list of resources among which they all are.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/index/query.h"

namespace hilum::index {

using IdVisitor = std::function<bool(ResourceId)>;  // returns false to stop
using OnLook = std::function<bool()>;               // returns false to stop

// How the entries of one search key that may satisfy a constraint are found. What an entry says is "perhaps":
// search values are normalised and cut, the stored value decides.
class KeyWalk {
 public:
  // Nothing if the constraint demands nothing, or if its bounds are of no kind that the keys are ordered by.
  static std::optional<KeyWalk> of(const dicom::Matcher& matcher);

  // Calls `visit` with each entry that may match, once, and `on_look` before each key that is looked at.
  void walk(const Snapshot& snapshot, Level level, Tag tag, const IdVisitor& visit,
            const OnLook& on_look) const;
  bool accepts(std::string_view search_value) const;

 private:
  enum class Kind { kValues, kPattern, kRange };
  bool walk_values(const Snapshot& snapshot, Level level, Tag tag, const IdVisitor& visit,
                   const OnLook& on_look) const;

  Kind kind_ = Kind::kValues;
  std::vector<std::string> values_;  // distinct, ascending
  std::string prefix_, pattern_;
  std::string from_;
  std::optional<std::string> to_;
};

// A list of resources at some level; every match of the query is one of them, or above or below one.
struct Way {
  // By `entries` if they are known, else by a walk.
  void visit(const IdVisitor& visitor, const OnLook& on_look) const;

  Level level = Level::kPatient;
  std::function<void(const IdVisitor&, const OnLook&)> walk;
  bool is_long = false;                  // at least kCountBound resources of the queried level, or not known
  std::vector<ResourceId> entries = {};  // all that it has, unless it is long
  // The index of the label that it is made of: entries need not be asked for it again.
  std::optional<size_t> label = std::nullopt;
};

// How many resources are counted before a way counts as long.
inline constexpr uint64_t kCountBound = 1000;
// How many keys are looked at for that: a pattern that begins with a wildcard may have to pass by all there are.
inline constexpr uint64_t kLookBound = 32 * kCountBound;

// The way with the fewest resources of the queried level, or nothing: then the whole level must be read.
// `parents` are the numbers of query.parents. The query must outlive the way.
std::optional<Way> choose_way(const Snapshot& snapshot, const Query& query,
                              const std::vector<std::pair<ResourceId, Level>>& parents,
                              uint64_t look_bound = kLookBound);

// Visits the resources of the queried level that belong to an entry of a way: itself, those below, or the one
// above.
bool visit_level(const Snapshot& snapshot, ResourceId entry, Level entry_level, Level level,
                 const IdVisitor& visit);

}  // namespace hilum::index
