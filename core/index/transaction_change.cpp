// Changing what belongs to one resource: metadata, attachments, labels, protection, main tags.
#include <fmt/format.h>
#include <hilum/cpp/error.h>

#include <algorithm>

#include "core/index/transaction_impl.h"
#include "core/index/utc_time.h"

namespace hilum::index {

namespace {

// The series whose completion depends on a metadata of a resource; 0: none.
ResourceId series_concerned(const Resource& resource, int32_t key) {
  if (resource.level == Level::kInstance && key == kIndexInSeries) {
    return resource.parent;
  }
  return resource.level == Level::kSeries && key == kExpectedInstances ? resource.id : 0;
}

template <typename Item, typename Number>
auto position_of(std::vector<Item>& items, Number Item::*number, Number wanted) {
  return std::lower_bound(items.begin(), items.end(), wanted,
                          [&](const Item& item, Number value) { return item.*number < value; });
}

}  // namespace

void Transaction::set_metadata(const Resource& asked, const Metadata& metadata, bool log_change) {
  const Resource resource = impl_->current(asked);
  if (metadata.key == kLastUpdate && resource.level != Level::kInstance) {
    const std::optional<int64_t> time_ms = parse_utc(metadata.value);
    if (!time_ms) {
      throw Error(HILUM_E_BAD_FORMAT, "metadata LastUpdate must be a time like 20240131T235959 (UTC)");
    }
    Counters counters = impl_->counters_of(resource.id);
    counters.last_update_ms = *time_ms;
    impl_->set_counters(resource.id, counters);
  } else {
    impl_->overlay_.put(metadata_key(resource.id, metadata.key), encode_metadata(metadata));
  }
  impl_->forget_series(series_concerned(resource, metadata.key));
  if (log_change) {
    impl_->log(ChangeType::kUpdatedMetadata, resource.level, resource.id, resource.public_id, now_ms());
  }
}

void Transaction::erase_metadata(const Resource& asked, int32_t key) {
  Resource resource = impl_->current(asked);
  if (key == kLastUpdate && resource.level != Level::kInstance) {
    Counters counters = impl_->counters_of(resource.id);
    counters.last_update_ms = 0;
    impl_->set_counters(resource.id, counters);
  } else {
    std::string value;
    if (impl_->overlay_.get(metadata_key(resource.id, key), &value)) {
      impl_->overlay_.erase(metadata_key(resource.id, key));
    }
    const auto it = position_of(resource.system_metadata, &Metadata::key, key);
    if (it != resource.system_metadata.end() && it->key == key) {
      resource.system_metadata.erase(it);
      impl_->write_record(resource);
    }
  }
  impl_->forget_series(series_concerned(resource, key));
  if (key >= kFirstUserMetadata) {
    impl_->log(ChangeType::kUpdatedMetadata, resource.level, resource.id, resource.public_id, now_ms());
  }
}

void Transaction::Impl::change_sizes(const Resource& resource, const Counters& before,
                                     const Counters& after) {
  Counters difference = after;
  subtract(difference, before);
  numbers_.totals.stored_size += difference.stored_size;
  numbers_.totals.content_size += difference.content_size;
  for (ResourceId id = resource.level == Level::kInstance ? resource.parent : resource.id; id != 0;) {
    Counters counters = counters_of(id);
    add(counters, difference);
    set_counters(id, counters);
    id = id == resource.id ? resource.parent : need_resource(overlay_, id).parent;
  }
}

void Transaction::set_attachment(const Resource& asked, const Attachment& attachment, bool log_change) {
  Resource resource = impl_->current(asked);
  const Counters before = sizes_of(resource.attachments);
  const auto it = position_of(resource.attachments, &Attachment::type, attachment.type);
  if (it != resource.attachments.end() && it->type == attachment.type) {
    *it = attachment;
  } else {
    resource.attachments.insert(it, attachment);
  }
  impl_->write_record(resource);
  impl_->change_sizes(resource, before, sizes_of(resource.attachments));
  if (log_change) {
    impl_->log(ChangeType::kUpdatedAttachment, resource.level, resource.id, resource.public_id, now_ms());
  }
}

void Transaction::erase_attachment(const Resource& asked, int32_t type) {
  Resource resource = impl_->current(asked);
  const Counters before = sizes_of(resource.attachments);
  const auto it = position_of(resource.attachments, &Attachment::type, type);
  if (it == resource.attachments.end() || it->type != type) {
    return;
  }
  resource.attachments.erase(it);
  impl_->write_record(resource);
  impl_->change_sizes(resource, before, sizes_of(resource.attachments));
  if (type >= kFirstUserMetadata) {
    impl_->log(ChangeType::kUpdatedAttachment, resource.level, resource.id, resource.public_id, now_ms());
  }
}

bool Transaction::add_label(const Resource& asked, std::string_view label) {
  const Resource resource = impl_->current(asked);
  std::string value;
  if (impl_->overlay_.get(label_of_key(resource.id, label), &value)) {
    return false;
  }
  impl_->overlay_.put(label_of_key(resource.id, label), {});
  impl_->overlay_.put(labelled_key(resource.level, label, resource.id), {});
  return true;
}

bool Transaction::remove_label(const Resource& asked, std::string_view label) {
  const Resource resource = impl_->current(asked);
  std::string value;
  if (!impl_->overlay_.get(label_of_key(resource.id, label), &value)) {
    return false;
  }
  impl_->overlay_.erase(label_of_key(resource.id, label));
  impl_->overlay_.erase(labelled_key(resource.level, label, resource.id));
  return true;
}

void Transaction::set_protected(const Resource& asked, bool is_protected) {
  const Resource patient = impl_->current(asked);
  if (patient.level != Level::kPatient) {
    throw Error(HILUM_E_OUT_OF_RANGE, "only patients can be protected");
  }
  if (impl_->patient_state(patient.id).is_protected != is_protected) {
    impl_->set_patient_state(patient.id, {is_protected, is_protected ? 0 : ++impl_->numbers_.last_order});
  }
}

void Transaction::set_tags(const Resource& asked, const TagValues& tags,
                           const std::optional<TagValues>& patient_tags,
                           const std::vector<Metadata>& system_metadata) {
  Resource resource = impl_->current(asked);
  const std::vector<std::string> before =
      identifier_keys(resource.level, resource.id, resource.tags, resource.patient_tags);
  resource.tags = tags;
  if (patient_tags && resource.level == Level::kStudy) {
    resource.patient_tags = *patient_tags;
  }
  for (const Metadata& metadata : system_metadata) {
    const auto it = position_of(resource.system_metadata, &Metadata::key, metadata.key);
    if (it != resource.system_metadata.end() && it->key == metadata.key) {
      *it = metadata;
    } else {
      resource.system_metadata.insert(it, metadata);
    }
    // An entry set later would hide the new value.
    std::string value;
    if (impl_->overlay_.get(metadata_key(resource.id, metadata.key), &value)) {
      impl_->overlay_.erase(metadata_key(resource.id, metadata.key));
    }
    impl_->forget_series(series_concerned(resource, metadata.key));
  }
  impl_->write_record(resource);
  std::vector<std::string> after =
      identifier_keys(resource.level, resource.id, resource.tags, resource.patient_tags);
  for (const std::string& key : before) {
    if (!std::binary_search(after.begin(), after.end(), key)) {
      impl_->overlay_.erase(key);
    }
  }
  for (std::string& key : after) {
    if (!std::binary_search(before.begin(), before.end(), key)) {
      impl_->overlay_.put(std::move(key), {});
    }
  }
}

}  // namespace hilum::index
