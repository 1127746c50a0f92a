// Reading the index: a consistent view that never waits for writers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/index/kv_store.h"
#include "core/index/types.h"

namespace hilum::index {

// The index as it was at one moment. Cheap to copy, thread-safe. Keep it for one request, not longer: it
// holds back the space of what is deleted meanwhile. Callbacks return false to stop.
class Snapshot {
 public:
  explicit Snapshot(std::shared_ptr<const KvSnapshot> kv) : kv_(std::move(kv)) {}

  // --- one resource ---
  std::optional<Resource> find(const PublicId& id) const;
  std::optional<Resource> find(const PublicId& id, Level level) const;  // an id of another level is not found
  std::optional<Resource> get(ResourceId id) const;
  // Internal number and level only, without reading the record.
  std::optional<std::pair<ResourceId, Level>> locate(const PublicId& id) const;
  // The ancestor at a level above (or the resource itself at its own level).
  Resource ancestor(const Resource& resource, Level level) const;
  // System and user metadata, LastUpdate and (for series) all others included; ascending by key.
  std::vector<Metadata> metadata(const Resource& resource) const;
  std::optional<Metadata> metadata(const Resource& resource, int32_t key) const;
  std::vector<std::string> labels(ResourceId id) const;  // ascending
  bool has_label(ResourceId id, std::string_view label) const;
  bool has_labels(ResourceId id) const;               // any
  Counters counters(const Resource& resource) const;  // of an instance: its own sizes
  bool is_protected(ResourceId patient) const;

  // --- descendants, in the order of creation ---
  void children(ResourceId parent, const std::function<bool(ResourceId)>& visit) const;
  // At a level below; visits number and public id.
  void descendants(const Resource& resource, Level level,
                   const std::function<bool(ResourceId, const PublicId&)>& visit) const;

  // --- the whole index ---
  // Public ids of a level in the order of creation; its cost does not depend on `since` or on the size of the
  // archive.
  void list(Level level, uint64_t since, uint64_t limit,
            const std::function<bool(ResourceId, const PublicId&)>& visit) const;
  Totals totals() const;
  std::vector<std::string> all_labels(std::optional<Level> level) const;  // distinct, ascending

  // --- search keys: which (level, tag) pairs are kept stands in schema.h ---
  bool is_identifier(Level level, Tag tag) const;
  // Entries whose normalised value is in [from, to] (to absent: no end), ascending by value, then by
  // creation.
  void identifiers(Level level, Tag tag, std::string_view from, std::optional<std::string_view> to,
                   const std::function<bool(std::string_view normalised, ResourceId)>& visit) const;
  // Entries whose normalised value starts with `prefix`.
  void identifiers_with_prefix(
      Level level, Tag tag, std::string_view prefix,
      const std::function<bool(std::string_view normalised, ResourceId)>& visit) const;
  // Resources with a label at a level.
  void labelled(Level level, std::string_view label, const std::function<bool(ResourceId)>& visit) const;

  // --- the change log ---
  // Changes with sequence > since, ascending.
  void changes(int64_t since, const std::function<bool(const Change&)>& visit) const;
  // Changes with sequence <= to, descending.
  void changes_backwards(int64_t to, const std::function<bool(const Change&)>& visit) const;
  int64_t last_change_sequence() const;  // the greatest ever given; never goes down

  // --- the log of exports ---
  void exports(int64_t since, const std::function<bool(const Export&)>& visit) const;
  void exports_backwards(int64_t to, const std::function<bool(const Export&)>& visit) const;

  // --- recycling order: unprotected patients, the one to go first comes first ---
  void recycling_order(const std::function<bool(ResourceId patient)>& visit) const;

  std::optional<std::string> global_property(std::string_view name) const;
  std::optional<std::string> plugin_record(std::string_view store, std::string_view key) const;
  // Those whose keys begin with `prefix`, ascending; without the name of the store.
  void plugin_records(std::string_view store, std::string_view prefix,
                      const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

 private:
  // Rows of a log ('H', 'E') after `since`, or up to `to` and descending; those that were cleared excluded.
  using VisitRow = std::function<bool(int64_t sequence, std::string_view row)>;
  void log_rows(char log, int64_t since, const VisitRow& visit) const;
  void log_rows_backwards(char log, int64_t to, const VisitRow& visit) const;
  int64_t cleared_to(char log) const;

  std::shared_ptr<const KvSnapshot> kv_;
};

}  // namespace hilum::index
