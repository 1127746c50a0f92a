#include "core/index/query_plan.h"

#include <hilum/dicom/normalize.h>

#include <algorithm>

#include "core/index/schema.h"

namespace hilum::index {
namespace {

using dicom::Matcher;
using dicom::MatchKind;

// How many entries are counted before a key counts as "many".
constexpr size_t kCountBound = 1000;

std::string search_value(std::string_view text) {
  return std::string(cut_search_value(dicom::normalize_identifier(text)));
}

// Normalising may change the number of characters, so `?` becomes `*` in the pattern for search values.
std::string search_pattern(std::string_view pattern) {
  std::string result = dicom::normalize_identifier(pattern);
  std::replace(result.begin(), result.end(), '?', '*');
  return result;
}

// The nearest level, from that of the query upwards, that keeps search keys of the tag.
std::optional<Level> key_level(const Snapshot& snapshot, Level level, Tag tag) {
  for (int i = static_cast<int>(level); i >= static_cast<int>(Level::kPatient); --i) {
    if (snapshot.is_identifier(static_cast<Level>(i), tag)) {
      return static_cast<Level>(i);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<KeyWalk> KeyWalk::of(const Matcher& matcher) {
  if (!is_constraining(matcher)) {
    return std::nullopt;
  }
  KeyWalk walk;
  switch (matcher.kind()) {
    case MatchKind::Single:
    case MatchKind::List:
      walk.kind_ = Kind::kValues;
      for (const std::string& value : matcher.alternatives()) {
        walk.values_.push_back(search_value(value));
      }
      std::sort(walk.values_.begin(), walk.values_.end());
      walk.values_.erase(std::unique(walk.values_.begin(), walk.values_.end()), walk.values_.end());
      return walk;
    case MatchKind::Wildcard:
      walk.kind_ = Kind::kPattern;
      walk.prefix_ = search_value(matcher.prefix());
      walk.pattern_ = search_pattern(matcher.pattern());
      return walk;
    case MatchKind::Range:
      walk.kind_ = Kind::kRange;
      walk.from_ = search_value(matcher.lower());
      if (!matcher.upper().empty()) {
        walk.to_ = search_value(matcher.upper());
      }
      return walk;
    case MatchKind::Universal:  // any present value
      walk.kind_ = Kind::kPattern;
      walk.pattern_ = "*";
      return walk;
  }
  return std::nullopt;
}

bool KeyWalk::accepts(std::string_view search_value) const {
  switch (kind_) {
    case Kind::kValues:
      return std::binary_search(values_.begin(), values_.end(), search_value);
    case Kind::kPattern:
      // The end of a value that was cut is unknown.
      return search_value.size() >= kMaximumSearchValue || dicom::wildcard_match(pattern_, search_value);
    case Kind::kRange:
      return search_value >= from_ && (!to_ || search_value <= *to_);
  }
  return false;
}

void KeyWalk::walk(const Snapshot& snapshot, Level level, Tag tag,
                   const std::function<bool(ResourceId)>& visit) const {
  bool more = true;
  const auto on_entry = [&](std::string_view, ResourceId id) { return more = visit(id); };
  switch (kind_) {
    case Kind::kValues:
      for (size_t i = 0; i < values_.size() && more; ++i) {
        snapshot.identifiers(level, tag, values_[i], values_[i], on_entry);
      }
      break;
    case Kind::kPattern:
      snapshot.identifiers_with_prefix(level, tag, prefix_, [&](std::string_view value, ResourceId id) {
        return !accepts(value) || on_entry(value, id);
      });
      break;
    case Kind::kRange:
      snapshot.identifiers(level, tag, from_, to_ ? std::optional<std::string_view>(*to_) : std::nullopt,
                           on_entry);
      break;
  }
}

std::optional<Plan> make_plan(const Snapshot& snapshot, Level level,
                              const std::vector<Constraint>& constraints) {
  std::optional<Plan> best;
  size_t best_count = kCountBound;
  for (const Constraint& constraint : constraints) {
    const std::optional<KeyWalk> walk = KeyWalk::of(constraint.matcher);
    const std::optional<Level> at = walk ? key_level(snapshot, level, constraint.tag) : std::nullopt;
    if (!at) {
      continue;
    }
    // Never counts further than the best so far: an exact UID first makes the rest cheap.
    size_t count = 0;
    walk->walk(snapshot, *at, constraint.tag, [&](ResourceId) { return ++count < best_count; });
    // At the same count the key nearer to the queried level wins: one entry above may stand for many below.
    if (!best || count < best_count || (count == best_count && *at > best->level && count < kCountBound)) {
      best = Plan{*at, constraint.tag, *walk};
      best_count = std::min(count, best_count);
    }
    if (best_count == 0) {
      break;  // one constraint cannot be met at all
    }
  }
  return best;
}

}  // namespace hilum::index
