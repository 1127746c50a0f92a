#include "core/index/query_plan.h"

#include <hilum/dicom/normalize.h>

#include <algorithm>

#include "core/index/schema.h"

namespace hilum::index {
namespace {

using dicom::Matcher;
using dicom::MatchKind;

std::string search_value(std::string_view text) {
  return std::string(cut_search_value(dicom::normalize_identifier(text)));
}

// Normalising may change the number of characters, so `?` becomes `*` in the pattern for search values. It also
// takes spaces from the ends of values, which a wildcard may have been put for: those beside one go as well.
std::string search_pattern(std::string_view pattern) {
  std::string stars = dicom::normalize_identifier(pattern);
  std::replace(stars.begin(), stars.end(), '?', '*');
  std::string result;
  for (const char c : stars) {
    if (c == '*') {
      result.resize(result.find_last_not_of(' ') + 1);
    }
    if (c != ' ' || result.empty() || result.back() != '*') {
      result += c;
    }
  }
  return result;
}

// Bounds that normalising leaves in their order.
bool is_plain(std::string_view bound) {
  return bound.find_first_not_of("0123456789.:+") == std::string_view::npos;
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

std::optional<Way> way_of(const Snapshot& snapshot, Level level, const Constraint& constraint) {
  std::optional<KeyWalk> walk = KeyWalk::of(constraint.matcher);
  if (!walk) {
    return std::nullopt;
  }
  const bool of_children = constraint.tag == kModalitiesInStudy && level == Level::kStudy;
  const Tag tag = of_children ? dicom::kModality : constraint.tag;
  const std::optional<Level> at = of_children ? Level::kSeries : key_level(snapshot, level, tag);
  if (!at || (constraint.added_at && *constraint.added_at > *at)) {
    return std::nullopt;  // keys of a level above say nothing about the value that a level below may have
  }
  return Way{*at, [&snapshot, walk = std::move(*walk), at = *at, tag](const IdVisitor& visit,
                                                                      const OnLook& on_look) {
               walk.walk(snapshot, at, tag, visit, on_look);
             }};
}

Way way_of_label(const Snapshot& snapshot, const Query& query, size_t label) {
  Way way{query.level, [&snapshot, &query, label](const IdVisitor& visit, const OnLook&) {
            snapshot.labelled(query.level, query.labels[label], visit);
          }};
  way.label = label;
  return way;
}

std::vector<Way> ways_of_labels(const Snapshot& snapshot, const Query& query) {
  std::vector<Way> ways;
  if (query.labels.empty() || query.label_rule == LabelRule::kNone) {
    return ways;
  }
  if (query.label_rule == LabelRule::kAll || query.labels.size() == 1) {
    for (size_t i = 0; i < query.labels.size(); ++i) {
      ways.push_back(way_of_label(snapshot, query, i));
    }
    return ways;
  }
  ways.push_back({query.level, [&snapshot, &query](const IdVisitor& visit, const OnLook&) {
                    bool more = true;
                    for (size_t i = 0; i < query.labels.size() && more; ++i) {
                      snapshot.labelled(query.level, query.labels[i],
                                        [&](ResourceId id) { return more = visit(id); });
                    }
                  }});
  return ways;
}

// How many resources of the queried level an entry stands for.
uint64_t weight(const Snapshot& snapshot, ResourceId entry, Level entry_level, Level level) {
  if (entry_level >= level) {
    return 1;
  }
  Resource above;
  above.id = entry;
  above.level = entry_level;
  const Counters counters = snapshot.counters(above);
  return level == Level::kStudy    ? counters.studies
         : level == Level::kSeries ? counters.series
                                   : counters.instances;
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
      if (!is_plain(matcher.lower()) || !is_plain(matcher.upper())) {
        return std::nullopt;
      }
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

// Values and keys leap over each other, so that a long list costs no more looks than there are keys.
bool KeyWalk::walk_values(const Snapshot& snapshot, Level level, Tag tag, const IdVisitor& visit,
                          const OnLook& on_look) const {
  bool more = true;
  for (auto value = values_.begin(); value != values_.end() && more;) {
    std::optional<std::string> behind;
    snapshot.identifiers(level, tag, *value, std::nullopt, [&](std::string_view key, ResourceId id) {
      more = on_look();
      if (!more || key == *value) {
        return more = more && visit(id);
      }
      behind = key;
      return false;
    });
    value = behind ? std::lower_bound(value + 1, values_.end(), *behind) : values_.end();
  }
  return more;
}

void KeyWalk::walk(const Snapshot& snapshot, Level level, Tag tag, const IdVisitor& visit,
                   const OnLook& on_look) const {
  const auto on_entry = [&](std::string_view, ResourceId id) { return on_look() && visit(id); };
  switch (kind_) {
    case Kind::kValues:
      walk_values(snapshot, level, tag, visit, on_look);
      break;
    case Kind::kPattern:
      snapshot.identifiers_with_prefix(level, tag, prefix_, [&](std::string_view value, ResourceId id) {
        return on_look() && (!accepts(value) || visit(id));
      });
      break;
    case Kind::kRange:
      snapshot.identifiers(level, tag, from_, to_ ? std::optional<std::string_view>(*to_) : std::nullopt,
                           on_entry);
      break;
  }
}

std::optional<Way> choose_way(const Snapshot& snapshot, const Query& query,
                              const std::vector<std::pair<ResourceId, Level>>& parents, uint64_t look_bound) {
  std::vector<Way> ways = ways_of_labels(snapshot, query);
  for (const auto& [id, level] : parents) {
    ways.push_back({level, [parent = id](const IdVisitor& visit, const OnLook&) { visit(parent); }});
  }
  for (const Constraint& constraint : query.constraints) {
    if (query.with_doubtful && constraint.added_at) {
      continue;  // resources of before have no key
    }
    if (std::optional<Way> way = way_of(snapshot, query.level, constraint)) {
      ways.push_back(std::move(*way));
    }
  }
  std::optional<Way> best;
  uint64_t best_count = kCountBound;
  for (Way& way : ways) {
    // Never counts further than the best so far: an exact UID first makes the rest cheap.
    uint64_t count = 0;
    uint64_t looks = 0;
    std::vector<ResourceId> entries;
    way.walk(
        [&](ResourceId entry) {
          count += weight(snapshot, entry, way.level, query.level);
          entries.push_back(entry);
          return count < best_count;
        },
        [&] { return ++looks <= look_bound; });
    if (looks > look_bound) {
      count = kCountBound;  // nobody knows
    }
    if (!best || count < best_count) {
      best = std::move(way);
      best->is_long = count >= kCountBound;
      best->entries = std::move(entries);
      best_count = std::min(count, best_count);
    }
    if (best_count == 0) {
      break;  // one constraint cannot be met at all
    }
  }
  return best;
}

void Way::visit(const IdVisitor& visitor, const OnLook& on_look) const {
  if (is_long) {
    walk(visitor, on_look);
  } else {
    std::all_of(entries.begin(), entries.end(), visitor);
  }
}

bool visit_level(const Snapshot& snapshot, ResourceId entry, Level entry_level, Level level,
                 const IdVisitor& visit) {
  if (entry_level == level) {
    return visit(entry);
  }
  if (entry_level > level) {
    const std::optional<Resource> below = snapshot.get(entry);
    return !below || visit_level(snapshot, below->parent,
                                 static_cast<Level>(static_cast<int>(entry_level) - 1), level, visit);
  }
  bool more = true;
  snapshot.children(entry, [&](ResourceId child) {
    return more = visit_level(snapshot, child, static_cast<Level>(static_cast<int>(entry_level) + 1), level,
                              visit);
  });
  return more;
}

}  // namespace hilum::index
