// hilum.query/draft
#include <hilum/dicom/normalize.h>
#include <hilum/draft/query.h>

#include "core/index/query.h"
#include "core/index/query_order.h"
#include "core/plugins/handles.h"
#include "core/plugins/index_service.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

using index::Level;

// More is no query that a person or a program has written.
constexpr size_t kMaximumConstraints = 1000;

// What the structs of the ABI say, once they have been looked through.
struct Prepared {
  index::Query query;
  std::vector<index::Ordering> orderings;
  bool is_impossible = false;
};

template <typename T>
void check_list(const T* items, size_t count, const char* name) {
  if (count > 0) {
    required(items, name);
  }
  if (count > kMaximumConstraints) {
    throw Error(HILUM_E_BAD_REQUEST,
                std::string("a query has at most ") + std::to_string(kMaximumConstraints) + " " + name);
  }
}

void add_tags(const hilum_query& from, const dicom::MainTags& main_tags, Prepared* prepared) {
  check_list(from.tags, from.tag_count, "tags");
  const bool case_sensitive = (from.flags & HILUM_QUERY_CASE_SENSITIVE) != 0;
  for (size_t i = 0; i < from.tag_count; ++i) {
    const index::Tag tag = from.tags[i].tag;
    index::Constraint constraint{tag,
                                 dicom::Matcher::for_rest(tag, to_view(from.tags[i].value), case_sensitive)};
    if (!index::is_constraining(constraint.matcher)) {
      continue;
    }
    constraint.added_at = index::added_tag_level(main_tags, prepared->query.level, tag);
    const bool computed = tag == index::kModalitiesInStudy && prepared->query.level == Level::kStudy;
    prepared->is_impossible |= !computed && !index::main_tag_level(main_tags, prepared->query.level, tag);
    prepared->query.constraints.push_back(std::move(constraint));
  }
}

void add_metadata(const hilum_query& from, Prepared* prepared) {
  check_list(from.metadata, from.metadata_count, "metadata");
  const bool case_sensitive = (from.flags & HILUM_QUERY_CASE_SENSITIVE) != 0;
  for (size_t i = 0; i < from.metadata_count; ++i) {
    // As a tag of VR LO (ManufacturerModelName): wildcards and lists, no ranges.
    constexpr index::Tag kLikeLongString = 0x00081090;
    dicom::Matcher matcher =
        dicom::Matcher::for_rest(kLikeLongString, to_view(from.metadata[i].value), case_sensitive);
    if (index::is_constraining(matcher)) {
      prepared->query.metadata.push_back({from.metadata[i].key, std::move(matcher)});
    }
  }
}

void add_labels(const hilum_query& from, Prepared* prepared) {
  check_list(from.labels, from.label_count, "labels");
  if (from.label_rule > HILUM_LABELS_NONE) {
    throw Error(HILUM_E_OUT_OF_RANGE, "label_rule is " + std::to_string(from.label_rule));
  }
  prepared->query.label_rule = static_cast<index::LabelRule>(from.label_rule);
  for (size_t i = 0; i < from.label_count; ++i) {
    prepared->query.labels.push_back(checked_label(from.labels[i]));
  }
}

void add_parents(const hilum_query& from, Prepared* prepared) {
  check_list(from.parents, from.parent_count, "parents");
  for (size_t i = 0; i < from.parent_count; ++i) {
    const std::optional<index::PublicId> id = index::PublicId::parse(to_view(from.parents[i]));
    if (id) {
      prepared->query.parents.push_back(*id);
    } else {
      prepared->is_impossible = true;
    }
  }
}

void add_orderings(const hilum_query& from, const dicom::MainTags& main_tags, Prepared* prepared) {
  check_list(from.orderings, from.ordering_count, "orderings");
  for (size_t i = 0; i < from.ordering_count; ++i) {
    const hilum_ordering& wanted = from.orderings[i];
    if (wanted.as > HILUM_ORDER_FLOAT) {
      throw Error(HILUM_E_OUT_OF_RANGE, "an ordering compares as " + std::to_string(wanted.as));
    }
    index::Ordering ordering;
    ordering.as = static_cast<index::OrderAs>(wanted.as);
    ordering.descending = wanted.descending != 0;
    ordering.metadata_key = wanted.metadata_key;
    if (wanted.tag != 0) {
      if (!index::main_tag_level(main_tags, prepared->query.level, wanted.tag)) {
        continue;  // nobody has a value
      }
      ordering.tag = wanted.tag;
    }
    prepared->orderings.push_back(ordering);
  }
}

Prepared prepare(const hilum_snapshot* snapshot, const hilum_query* query) {
  const hilum_query from = read_struct(query, "query");
  const std::optional<Level> level = level_of(from.level);
  if (!level) {
    throw Error(HILUM_E_OUT_OF_RANGE, "a query needs a level");
  }
  const dicom::MainTags& main_tags = snapshot->plugin.services().ingest.options().main_tags;
  Prepared prepared;
  prepared.query.level = *level;
  prepared.query.since = from.since;
  prepared.query.limit = from.limit;
  prepared.query.go_on = [&plugin = snapshot->plugin] {
    if (plugin.services().is_stopping()) {
      throw Error(HILUM_E_UNAVAILABLE, "the server is stopping");
    }
    return true;
  };
  prepared.query.with_doubtful = (from.flags & HILUM_QUERY_WITH_DOUBTFUL) != 0;
  add_tags(from, main_tags, &prepared);
  add_metadata(from, &prepared);
  add_labels(from, &prepared);
  add_parents(from, &prepared);
  add_orderings(from, main_tags, &prepared);
  return prepared;
}

int32_t find(const hilum_snapshot* snapshot, const hilum_query* query, hilum_on_match on_match,
             void* context) {
  return guarded("hilum.query/draft find", [&] {
    required(snapshot, "snapshot");
    required(on_match, "on_match");
    const Prepared prepared = prepare(snapshot, query);
    if (prepared.is_impossible) {
      return;
    }
    const auto visit = [&](const index::Found& found) {
      prepared.query.go_on();  // each match may cost the caller a file
      const std::string id = found.public_id().to_string();
      return snapshot->plugin.inside("on_match", [&] {
        return on_match(context, to_text(id), found.is_doubtful() ? 0 : 1);
      }) == 0;
    };
    if (prepared.orderings.empty()) {
      index::find(snapshot->snapshot, prepared.query, visit);
    } else {
      index::find_ordered(snapshot->snapshot, prepared.query, prepared.orderings, visit);
    }
  });
}

int32_t count(const hilum_snapshot* snapshot, const hilum_query* query, uint64_t* certain,
              uint64_t* doubtful) {
  return guarded("hilum.query/draft count", [&] {
    required(snapshot, "snapshot");
    Prepared prepared = prepare(snapshot, query);
    prepared.query.since = 0;
    prepared.query.limit = UINT64_MAX;
    uint64_t counts[2] = {0, 0};
    if (!prepared.is_impossible) {
      index::find(snapshot->snapshot, prepared.query, [&](const index::Found& found) {
        ++counts[found.is_doubtful() ? 1 : 0];
        return true;
      });
    }
    required(certain, "certain") = counts[0];
    required(doubtful, "doubtful") = counts[1];
  });
}

int32_t lookup(const hilum_snapshot* snapshot, hilum_text identifier, hilum_on_resource on_resource,
               void* context) {
  return guarded("hilum.query/draft lookup", [&] {
    required(snapshot, "snapshot");
    required(on_resource, "on_resource");
    const std::string wanted = dicom::normalize_identifier(to_view(identifier));
    if (wanted.empty()) {
      return;
    }
    constexpr std::pair<Level, index::Tag> kIdentifiers[] = {{Level::kPatient, dicom::kPatientId},
                                                             {Level::kStudy, dicom::kStudyInstanceUid},
                                                             {Level::kSeries, dicom::kSeriesInstanceUid},
                                                             {Level::kInstance, dicom::kSopInstanceUid}};
    for (const auto& [level, tag] : kIdentifiers) {
      snapshot->snapshot.identifiers(level, tag, wanted, wanted, [&](std::string_view, index::ResourceId id) {
        const std::optional<index::Resource> found = snapshot->snapshot.get(id);
        const dicom::TagValue* value = found ? index::find_tag_value(found->tags, tag) : nullptr;
        // The key may hold the beginning only.
        if (value == nullptr || dicom::normalize_identifier(value->value) != wanted) {
          return true;
        }
        const std::string text = found->public_id.to_string();
        return snapshot->plugin.inside("on_resource", [&, at = level] {
          return on_resource(context, static_cast<uint32_t>(at), to_text(text));
        }) == 0;
      });
    }
  });
}

int32_t is_main_tag(const hilum_host* host, uint32_t level, hilum_tag tag) {
  int32_t result = 0;
  guarded("hilum.query/draft is_main_tag", [&] {
    const std::optional<Level> at = level_of(level);
    if (!at) {
      throw Error(HILUM_E_OUT_OF_RANGE, "a level is needed");
    }
    const dicom::MainTags& main_tags = plugin_of(host).services().ingest.options().main_tags;
    const bool computed = tag == index::kModalitiesInStudy && *at == Level::kStudy;
    if (computed || index::main_tag_level(main_tags, *at, tag)) {
      result = 1;
    } else if (main_tags.level_of(tag) || tag == index::kModalitiesInStudy) {
      result = 2;
    }
  });
  return result;
}

const hilum_query_draft kTable = {&find, &count, &lookup, &is_main_tag};

}  // namespace

const void* query_table() { return &kTable; }

}  // namespace hilum::plugins
