#include "core/index/query.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/normalize.h>

#include <algorithm>
#include <set>

#include "core/base/metrics.h"
#include "core/index/id_set.h"
#include "core/index/query_plan.h"

namespace hilum::index {
namespace {

using dicom::MatchKind;

// As in hilum/index.h.
constexpr int32_t kSopClassMetadata = 10;
constexpr int32_t kSignatureMetadata = 15;

bool any_modality_matches(const Snapshot& snapshot, ResourceId study, const dicom::Matcher& matcher) {
  bool matches = false;
  snapshot.children(study, [&](ResourceId child) {
    const std::optional<Resource> series = snapshot.get(child);
    const dicom::TagValue* modality = series ? find_tag_value(series->tags, dicom::kModality) : nullptr;
    // Empty ones are not in the list that the tag stands for.
    matches = modality != nullptr && !modality->value.empty() && matcher.matches(modality->value);
    return !matches;
  });
  return matches;
}

// Whether the main tags of a resource were chosen before this tag was among them.
bool is_older_than_tag(const Resource& resource, Tag tag) {
  for (const Metadata& metadata : resource.system_metadata) {
    if (metadata.key == kSignatureMetadata) {
      return metadata.value.find(dicom::format_tag(tag)) == std::string::npos;
    }
  }
  return true;
}

enum class Verdict : uint8_t { kNo, kYes, kDoubtful };

Verdict judge(const Snapshot& snapshot, const Found& found, const Constraint& constraint) {
  if (constraint.tag == kModalitiesInStudy) {
    const bool matches = found.resource().level == Level::kStudy &&
                         any_modality_matches(snapshot, found.id(), constraint.matcher);
    return matches ? Verdict::kYes : Verdict::kNo;
  }
  const dicom::TagValue* value = found.tag(constraint.tag);
  if (value == nullptr && constraint.added_at &&
      is_older_than_tag(found.at(*constraint.added_at), constraint.tag)) {
    return Verdict::kDoubtful;
  }
  return value != nullptr && !value->is_json && constraint.matcher.matches(value->value) ? Verdict::kYes
                                                                                         : Verdict::kNo;
}

// A query made ready: what is left to look at for each resource.
class Search {
 public:
  Search(const Snapshot& snapshot, const Query& query)
      : snapshot_(snapshot), query_(query), found_(snapshot) {
    for (const Constraint& constraint : query.constraints) {
      if (is_constraining(constraint.matcher)) {
        constraints_.push_back(&constraint);
      }
    }
    // Constraints that read least first: own tags and tags of the levels above, then those of children.
    std::stable_partition(constraints_.begin(), constraints_.end(),
                          [](const Constraint* constraint) { return constraint->tag != kModalitiesInStudy; });
    labels_to_ask_.assign(query.labels.size(), true);
  }

  void run(const std::function<bool(const Found&)>& visit);

 private:
  using Visit = std::function<bool(const Found&)>;

  bool find_parents();
  bool demands_nothing() const {
    return constraints_.empty() && query_.metadata.empty() && parents_.empty() && query_.labels.empty() &&
           query_.label_rule != LabelRule::kNone;
  }
  bool consider(ResourceId id, std::optional<PublicId> public_id, const Visit& visit);
  bool matches(ResourceId id);
  bool labels_match(ResourceId id) const;
  bool parents_match() const;
  bool metadata_match() const;
  bool read_first(const Visit& visit);
  bool enough() const { return visited_ >= query_.limit; }
  bool go_on();

  const Snapshot& snapshot_;
  const Query& query_;
  Found found_;
  std::vector<const Constraint*> constraints_;
  std::vector<bool> labels_to_ask_;
  std::vector<std::pair<ResourceId, Level>> parents_;
  uint64_t skipped_ = 0, visited_ = 0;
  ResourceId next_ = 0;  // all before are done
  uint64_t steps_ = 0;
  bool is_ended_ = false;
};

// False if no resource can be below all of them.
bool Search::find_parents() {
  for (const PublicId& parent : query_.parents) {
    const auto located = snapshot_.locate(parent);
    if (!located || located->second >= query_.level) {
      return false;
    }
    parents_.push_back(*located);
  }
  return true;
}

bool Search::labels_match(ResourceId id) const {
  if (query_.label_rule == LabelRule::kNone && query_.labels.empty()) {
    return !snapshot_.has_labels(id);
  }
  bool any = false;
  for (size_t i = 0; i < query_.labels.size(); ++i) {
    const bool has = !labels_to_ask_[i] || snapshot_.has_label(id, query_.labels[i]);
    if (query_.label_rule == LabelRule::kAll && !has) {
      return false;
    }
    any = any || has;
  }
  return query_.label_rule == LabelRule::kAll || query_.labels.empty() ||
         any == (query_.label_rule == LabelRule::kAny);
}

bool Search::parents_match() const {
  return std::all_of(parents_.begin(), parents_.end(),
                     [&](const auto& parent) { return found_.at(parent.second).id == parent.first; });
}

bool Search::metadata_match() const {
  return std::all_of(query_.metadata.begin(), query_.metadata.end(), [&](const MetadataConstraint& wanted) {
    const std::optional<Metadata> metadata = snapshot_.metadata(found_.resource(), wanted.key);
    return metadata && wanted.matcher.matches(metadata->value);
  });
}

bool Search::matches(ResourceId id) {
  if (!labels_match(id)) {
    return false;
  }
  if (constraints_.empty() && query_.metadata.empty() && parents_.empty()) {
    return true;
  }
  if (!found_.exists() || !parents_match()) {
    return false;
  }
  for (const Constraint* constraint : constraints_) {
    const Verdict verdict = judge(snapshot_, found_, *constraint);
    if (verdict == Verdict::kNo || (verdict == Verdict::kDoubtful && !query_.with_doubtful)) {
      return false;
    }
    if (verdict == Verdict::kDoubtful) {
      found_.set_doubtful(true);
    }
  }
  return metadata_match();
}

// Asks the owner of the search every so many steps, for asking costs more than a step.
bool Search::go_on() {
  constexpr uint64_t kSteps = 128;
  if (++steps_ % kSteps == 0 && query_.go_on && !query_.go_on()) {
    is_ended_ = true;
  }
  return !is_ended_;
}

// False: enough.
bool Search::consider(ResourceId id, std::optional<PublicId> public_id, const Visit& visit) {
  if (!go_on()) {
    return false;
  }
  next_ = id + 1;
  found_.set(id, query_.level, public_id);
  if (!matches(id)) {
    return true;
  }
  if (skipped_ < query_.since) {
    ++skipped_;
    return true;
  }
  ++visited_;
  return visit(found_) && !enough();
}

// Where the way in is long and few matches are wanted, they may well be among the first resources of the
// level. False: enough.
bool Search::read_first(const Visit& visit) {
  constexpr uint64_t kMost = 100'000;
  if (query_.limit >= kMost || query_.since >= kMost) {
    return true;
  }
  bool more = true;
  snapshot_.list(
      query_.level, 0, kCountBound + 2 * (query_.since + query_.limit),
      [&](ResourceId id, const PublicId& public_id) { return more = consider(id, public_id, visit); });
  return more;
}

void Search::run(const Visit& visit) {
  if (!find_parents() || query_.limit == 0) {
    return;
  }
  if (demands_nothing()) {
    snapshot_.list(query_.level, query_.since, query_.limit, [&](ResourceId id, const PublicId& public_id) {
      found_.set(id, query_.level, public_id);
      return go_on() && visit(found_);
    });
    return;
  }
  const std::optional<Way> way = choose_way(snapshot_, query_, parents_);
  if (!way) {
    snapshot_.list(query_.level, 0, UINT64_MAX,
                   [&](ResourceId id, const PublicId& public_id) { return consider(id, public_id, visit); });
    return;
  }
  if (way->is_long && !read_first(visit)) {
    return;
  }
  if (way->label) {
    labels_to_ask_[*way->label] = false;
  }
  IdSet candidates;
  way->visit(
      [&](ResourceId entry) {
        return visit_level(snapshot_, entry, way->level, query_.level, [&](ResourceId id) {
          if (id >= next_) {
            candidates.insert(id);
          }
          return go_on();
        });
      },
      [&] { return go_on(); });
  if (is_ended_) {
    return;
  }
  candidates.walk(next_, [&](ResourceId id) { return consider(id, std::nullopt, visit); });
}

}  // namespace

std::optional<Level> main_tag_level(const dicom::MainTags& main_tags, Level level, Tag tag) {
  for (int i = static_cast<int>(level); i >= static_cast<int>(Level::kPatient); --i) {
    if (main_tags.contains(dicom_level(static_cast<Level>(i)), tag)) {
      return static_cast<Level>(i);
    }
  }
  return std::nullopt;
}

std::optional<Level> added_tag_level(const dicom::MainTags& main_tags, Level level, Tag tag) {
  static const dicom::MainTags kDefault;
  const std::optional<Level> at = main_tag_level(main_tags, level, tag);
  return at && !kDefault.contains(dicom_level(*at), tag) ? at : std::nullopt;
}

bool is_constraining(const dicom::Matcher& matcher) {
  if (matcher.kind() == MatchKind::Range) {
    return !matcher.lower().empty() || !matcher.upper().empty();
  }
  return !(matcher.kind() == MatchKind::Universal && matcher.is_empty());
}

const dicom::TagValue* find_tag_value(const TagValues& values, Tag tag) {
  const auto found = std::lower_bound(values.begin(), values.end(), tag,
                                      [](const dicom::TagValue& value, Tag key) { return value.tag < key; });
  return found != values.end() && found->tag == tag ? &*found : nullptr;
}

void Found::set(ResourceId id, Level level, std::optional<PublicId> public_id) {
  level_ = level;
  id_ = id;
  public_id_ = public_id;
  is_doubtful_ = false;
}

bool Found::exists() const {
  Resource& own = chain_[slot(level_)];
  if (own.id == id_) {
    return true;
  }
  std::optional<Resource> read = snapshot_.get(id_);
  if (!read || read->level != level_) {
    return false;
  }
  own = std::move(*read);
  return true;
}

const PublicId& Found::public_id() const {
  if (!public_id_) {
    public_id_ = resource().public_id;
  }
  return *public_id_;
}

const Resource& Found::at(Level level) const {
  if (level > level_) {
    throw Error(HILUM_E_INTERNAL, "a search was asked for a resource below its level");
  }
  if (!exists()) {
    throw Error(HILUM_E_CORRUPTED, fmt::format("the index has lost resource {}", id_));
  }
  for (size_t i = slot(level_); i > slot(level); --i) {
    const ResourceId parent = chain_[i].parent;
    if (chain_[i - 1].id != parent) {
      std::optional<Resource> read = snapshot_.get(parent);
      if (!read) {
        throw Error(HILUM_E_CORRUPTED, "the index has lost the parent of " + chain_[i].public_id.to_string());
      }
      chain_[i - 1] = std::move(*read);
    }
  }
  return chain_[slot(level)];
}

const dicom::TagValue* Found::tag(Tag tag) const {
  for (size_t i = slot(level_);; --i) {
    const Resource& resource = at(static_cast<Level>(i + 1));
    if (const dicom::TagValue* value = find_tag_value(resource.tags, tag)) {
      return value;
    }
    if (resource.level == Level::kStudy) {
      return find_tag_value(resource.patient_tags, tag);
    }
    if (i == 0) {
      return nullptr;
    }
  }
}

void find(const Snapshot& snapshot, const Query& query, const std::function<bool(const Found&)>& visit) {
  static Timer& timer = metrics().timer("hilum_index_query_duration_ms");
  const ScopedTimer measured(timer);  // what is done with each result included
  Search(snapshot, query).run(visit);
}

void find(const Snapshot& snapshot, Level level, const std::vector<Constraint>& constraints,
          const std::function<bool(const Found&)>& visit) {
  Query query;
  query.level = level;
  query.constraints = constraints;
  find(snapshot, query, visit);
}

std::vector<std::string> modalities_in_study(const Snapshot& snapshot, ResourceId study) {
  std::set<std::string> modalities;
  snapshot.children(study, [&](ResourceId child) {
    const std::optional<Resource> series = snapshot.get(child);
    const dicom::TagValue* modality = series ? find_tag_value(series->tags, dicom::kModality) : nullptr;
    if (modality != nullptr && !modality->value.empty()) {
      modalities.insert(std::string(dicom::strip_spaces(modality->value)));
    }
    return true;
  });
  return {modalities.begin(), modalities.end()};
}

std::vector<std::string> sop_classes_in_study(const Snapshot& snapshot, const Resource& study) {
  std::set<std::string> classes;
  snapshot.descendants(study, Level::kInstance, [&](ResourceId id, const PublicId&) {
    if (const std::optional<Resource> instance = snapshot.get(id)) {
      for (const Metadata& metadata : instance->system_metadata) {
        if (metadata.key == kSopClassMetadata && !metadata.value.empty()) {
          classes.insert(metadata.value);
        }
      }
    }
    return true;
  });
  return {classes.begin(), classes.end()};
}

}  // namespace hilum::index
