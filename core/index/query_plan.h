// Which search key a query walks along.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/index/query.h"

namespace hilum::index {

// How the entries of one search key that may satisfy a constraint are found. What an entry says is "perhaps":
// search values are normalised and cut, the stored value decides.
class KeyWalk {
 public:
  // Nothing if the constraint demands nothing.
  static std::optional<KeyWalk> of(const dicom::Matcher& matcher);

  // Calls `visit` with each entry that may match, once.
  void walk(const Snapshot& snapshot, Level level, Tag tag,
            const std::function<bool(ResourceId)>& visit) const;
  bool accepts(std::string_view search_value) const;

 private:
  enum class Kind { kValues, kPattern, kRange };
  Kind kind_ = Kind::kValues;
  std::vector<std::string> values_;  // distinct
  std::string prefix_, pattern_;
  std::string from_;
  std::optional<std::string> to_;
};

struct Plan {
  Level level = Level::kPatient;  // of the search key: that of the query or above
  Tag tag = 0;
  KeyWalk walk;
};

// The search key with the fewest entries to look at (counted, up to a bound), or nothing: then the whole
// level must be read.
std::optional<Plan> make_plan(const Snapshot& snapshot, Level level,
                              const std::vector<Constraint>& constraints);

}  // namespace hilum::index
