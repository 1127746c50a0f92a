// Writing the index: changes of one commit group, made on the committing thread.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/index/kv_store.h"
#include "core/index/types.h"

namespace hilum::index {

// Everything that a new instance brings to the index: made by ingest/prepare, in parallel, before the commit.
struct NewInstance {
  std::array<PublicId, 4> ids;              // by level: patient, study, series, instance
  std::array<TagValues, 4> tags;            // by level; the study's copy of the patient's tags is tags[0]
  std::vector<Metadata> instance_metadata;  // system metadata, ascending
  std::vector<Metadata>
      series_metadata;  // for a series that this instance creates (RemoteAET, expected number)
  std::array<std::vector<Metadata>, 3>
      parent_metadata;  // for parents that it creates, by level (signature, sequences)
  std::vector<Attachment> attachments;
  int64_t reception_ms = 0;
};

struct Removed {
  std::vector<BlobUuid> blobs;                          // to be given back by the storage, after the commit
  std::optional<std::pair<Level, PublicId>> remaining;  // lowest ancestor that is left
};

// The view and the changes of the committing thread: reads see the store with all changes of this group on
// top. Owned by the committing thread; not thread-safe. The only writer of the index: it keeps numbers and
// counters in memory from group to group. A failed operation leaves no change behind: the
// caller takes a savepoint() before an operation and rolls back to it on an exception.
class Transaction {
 public:
  explicit Transaction(KvStore& store);

  // --- reading through the changes ---
  std::optional<Resource> find(const PublicId& id) const;
  std::optional<Resource> get(ResourceId id) const;
  std::optional<Metadata> metadata(const Resource& resource, int32_t key) const;
  Counters counters(const Resource& resource) const;
  Totals totals() const;
  bool is_protected(ResourceId patient) const;
  // The unprotected patient that goes first, other than `except`.
  std::optional<Resource> next_to_recycle(std::optional<PublicId> except) const;
  // Is the status of the series "Complete" (series_status.h)? Cheap while too few instances are there.
  bool is_series_complete(ResourceId series) const;

  // --- writing; each records the changes (events) that it causes ---
  // A resource given to these is read again, only its number and public id count: HILUM_E_UNKNOWN_RESOURCE if
  // it is gone meanwhile.
  // Adds an instance that is not in the index, and the parents that are missing. Moves the patient to the end
  // of the recycling order. HILUM_E_DUPLICATE if it is there, or if its public ids belong to other resources.
  Resource add_instance(const NewInstance& instance);
  // With all below it and the ancestors that it leaves empty. Memory grows with the number of resources
  // removed.
  Removed remove(const Resource& resource);
  // The revision is the caller's. LastUpdate (not of instances) must be a time, else HILUM_E_BAD_FORMAT.
  void set_metadata(const Resource& resource, const Metadata& metadata, bool log_change);
  // Erasing what is not there does nothing more; that of users (>= 1024) is always logged, the server's own
  // never.
  void erase_metadata(const Resource& resource, int32_t key);
  void set_attachment(const Resource& resource, const Attachment& attachment, bool log_change);
  void erase_attachment(const Resource& resource, int32_t type);
  bool add_label(const Resource& resource, std::string_view label);     // false: was there
  bool remove_label(const Resource& resource, std::string_view label);  // false: was not there
  void set_protected(const Resource& patient, bool is_protected);
  // Replaces main tags (and search keys) by reconstruct. `patient_tags`: of studies; absent: they stay.
  // `system_metadata` replaces those of the same key and is added otherwise; all others stay.
  void set_tags(const Resource& resource, const TagValues& tags, const std::optional<TagValues>& patient_tags,
                const std::vector<Metadata>& system_metadata);
  void log_change(ChangeType type, Level level, ResourceId id, const PublicId& resource, int64_t time_ms);
  // Empties the change log; sequences go on. The space of the rows is given back in portions by later
  // groups.
  void clear_changes();
  // Adds a row to the log of exports; returns its sequence.
  int64_t log_export(const Resource& resource, std::string_view remote, int64_t time_ms);
  void clear_exports();  // as clear_changes()
  void set_global_property(std::string_view name, std::string_view value);
  // For other rooms that keep keys of their own in the same store (the blob store's locations): raw changes
  // under their type byte (schema.h).
  void put_raw(std::string key, std::string value);
  void erase_raw(std::string key);
  std::optional<std::string> get_raw(std::string_view key) const;

  // --- the group ---
  // Valid until take() and until a roll_back() to an earlier one.
  size_t savepoint() const;
  void roll_back(size_t savepoint);
  // All changes since construction or the last take(), the last of each key only; numbers (next id, next
  // sequence, totals) included. The transaction stays usable: its overlay is dropped, so the batch must be
  // written to the store before the next read.
  KvBatch take();
  std::vector<Change> take_events();
  // Forgets everything, events included, and reads the numbers anew: needed when a batch that was taken could
  // not be written.
  void reset();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace hilum::index
