#include "core/index/query.h"

#include <hilum/cpp/error.h>
#include <hilum/dicom/normalize.h>

#include <algorithm>
#include <set>

#include "core/index/query_plan.h"

namespace hilum::index {
namespace {

using dicom::MatchKind;

constexpr int32_t kSopClassMetadata = 10;  // HILUM_METADATA_SOP_CLASS

bool any_modality_matches(const Snapshot& snapshot, ResourceId study, const dicom::Matcher& matcher) {
  bool matches = false;
  snapshot.children(study, [&](ResourceId child) {
    const std::optional<Resource> series = snapshot.get(child);
    const dicom::TagValue* modality = series ? find_tag_value(series->tags, dicom::kModality) : nullptr;
    matches = modality != nullptr && matcher.matches(modality->value);
    return !matches;
  });
  return matches;
}

bool matches(const Snapshot& snapshot, const Found& found, const std::vector<Constraint>& constraints) {
  for (const Constraint& constraint : constraints) {
    if (!is_constraining(constraint.matcher)) {
      continue;
    }
    if (constraint.tag == kModalitiesInStudy) {
      if (found.resource().level != Level::kStudy ||
          !any_modality_matches(snapshot, found.resource().id, constraint.matcher)) {
        return false;
      }
      continue;
    }
    const dicom::TagValue* value = found.tag(constraint.tag);
    if (value == nullptr || value->is_json || !constraint.matcher.matches(value->value)) {
      return false;
    }
  }
  return true;
}

// Constraints that read least first: own tags, then tags of the levels above, then those of children.
std::vector<Constraint> ordered(const std::vector<Constraint>& constraints) {
  std::vector<Constraint> result = constraints;
  std::stable_partition(result.begin(), result.end(),
                        [](const Constraint& constraint) { return constraint.tag != kModalitiesInStudy; });
  return result;
}

}  // namespace

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

void Found::set(Resource resource) {
  level_ = resource.level;
  chain_[slot(level_)] = std::move(resource);
}

const Resource& Found::at(Level level) const {
  if (level > level_) {
    throw Error(HILUM_E_INTERNAL, "a search was asked for a resource below its level");
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

void find(const Snapshot& snapshot, Level level, const std::vector<Constraint>& constraints,
          const std::function<bool(const Found&)>& visit) {
  const std::vector<Constraint> checks = ordered(constraints);
  Found found(snapshot);
  bool more = true;
  const auto consider = [&](ResourceId id) {
    if (std::optional<Resource> resource = snapshot.get(id)) {
      found.set(std::move(*resource));
      if (matches(snapshot, found, checks)) {
        more = visit(found);
      }
    }
    return more;
  };
  const std::optional<Plan> plan = make_plan(snapshot, level, checks);
  if (!plan) {
    snapshot.list(level, 0, UINT64_MAX, [&](ResourceId id, const PublicId&) { return consider(id); });
    return;
  }
  plan->walk.walk(snapshot, plan->level, plan->tag, [&](ResourceId id) {
    if (plan->level == level) {
      return consider(id);
    }
    if (const std::optional<Resource> above = snapshot.get(id)) {
      snapshot.descendants(*above, level, [&](ResourceId below, const PublicId&) { return consider(below); });
    }
    return more;
  });
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
