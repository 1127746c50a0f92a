// Removing a resource with all below it and what is empty above it.
#include "core/index/transaction_impl.h"
#include "core/index/utc_time.h"

namespace hilum::index {

namespace {

void count_itself(Counters* counters, Level level) {
  counters->studies += level == Level::kStudy;
  counters->series += level == Level::kSeries;
  counters->instances += level == Level::kInstance;
}

bool has_children(Level level, const Counters& counters) {
  return (level == Level::kPatient ? counters.studies
          : level == Level::kStudy ? counters.series
                                   : counters.instances) != 0;
}

}  // namespace

Removed Transaction::Impl::remove(const Resource& asked) {
  const Resource resource = current(asked);
  const int64_t time_ms = now_ms();
  Counters gone =
      resource.level == Level::kInstance ? sizes_of(resource.attachments) : counters_of(resource.id);
  count_itself(&gone, resource.level);
  if (resource.level == Level::kInstance) {
    forget_series(resource.parent);
  }
  Removed removed;
  remove_tree(resource, time_ms, &removed);

  for (ResourceId id = resource.parent; id != 0;) {
    const Resource parent = need_resource(overlay_, id);
    Counters counters = counters_of(id);
    subtract(counters, gone);
    if (has_children(parent.level, counters)) {
      counters.last_update_ms = time_ms;
      set_counters(id, counters);
      if (!removed.remaining) {
        removed.remaining.emplace(parent.level, parent.public_id);
      }
    } else {
      add(gone, counters);  // what is left are its own attachments
      count_itself(&gone, parent.level);
      erase_resource(parent, time_ms, &removed);
    }
    id = parent.parent;
  }
  return removed;
}

void Transaction::Impl::remove_tree(const Resource& resource, int64_t time_ms, Removed* removed) {
  if (resource.level != Level::kInstance) {
    for (const ResourceId child : read_children(overlay_, resource.id)) {
      remove_tree(need_resource(overlay_, child), time_ms, removed);
    }
  }
  erase_resource(resource, time_ms, removed);
}

void Transaction::Impl::erase_resource(const Resource& resource, int64_t time_ms, Removed* removed) {
  overlay_.erase(public_id_key(resource.public_id));
  overlay_.erase(order_key(resource.level, resource.id));
  overlay_.erase(record_key(resource.id));
  if (resource.parent != 0) {
    overlay_.erase(child_key(resource.parent, resource.id));
  }
  for (std::string& key :
       identifier_keys(resource.level, resource.id, resource.tags, resource.patient_tags)) {
    overlay_.erase(std::move(key));
  }
  erase_prefixed(resource);
  if (resource.level != Level::kInstance) {
    counters_.forget(resource.id);
    overlay_.erase(counters_key(resource.id));
    hot_.erase(resource.public_id);
    series_.erase(resource.id);
  }
  if (resource.level == Level::kPatient) {
    const PatientState state = patient_state(resource.id);
    if (state.order != 0) {
      overlay_.erase(recycling_key(state.order));
    }
    overlay_.erase(patient_state_key(resource.id));
    patients_.erase(resource.id);
  }
  count_in_block(resource.level, resource.id, -1);
  count_in_totals(resource.level, sizes_of(resource.attachments), false);
  for (const Attachment& attachment : resource.attachments) {
    removed->blobs.push_back(attachment.uuid);
  }
  log(ChangeType::kDeleted, resource.level, resource.id, resource.public_id, time_ms);
}

// Metadata, labels and changes: keys that only a scan finds.
void Transaction::Impl::erase_prefixed(const Resource& resource) {
  std::vector<std::string> keys;
  const auto collect = [&](char type, const auto& also) {
    const std::string prefix = id_prefix(type, resource.id);
    overlay_.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      also(key);
      return true;
    });
  };
  collect(key::kMetadata, [](std::string_view) {});
  collect(key::kLabelOf, [&](std::string_view key) {
    keys.push_back(labelled_key(resource.level, parse_label_of_key(key).value_or(""), resource.id));
  });
  collect(key::kChangeOf, [&](std::string_view key) {
    if (const auto pair = parse_pair_key(key)) {
      keys.push_back(change_key(static_cast<int64_t>(pair->second)));
    }
  });
  if (resource.creation_sequence > numbers_.trimmed_to) {
    keys.push_back(change_key(resource.creation_sequence));
  }
  for (std::string& key : keys) {
    overlay_.erase(std::move(key));
  }
}

}  // namespace hilum::index
