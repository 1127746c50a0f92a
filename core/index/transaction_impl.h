// The inside of a Transaction. Inside the room only.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/index/cells.h"
#include "core/index/overlay.h"
#include "core/index/schema.h"
#include "core/index/series_status.h"
#include "core/index/transaction.h"

namespace hilum::index {

// The 'T' keys.
struct Numbers {
  uint64_t last_id = 0;
  int64_t last_sequence = 0;
  uint64_t last_order = 0;
  Totals totals;
  int64_t cleared_to = 0;  // changes up to here do not exist any more
  int64_t trimmed_to = 0;  // and up to here their keys are gone, too
  int64_t last_export = 0, exports_cleared_to = 0, exports_trimmed_to = 0;
};

// Three kinds of state:
// - overlay_: changes of keys, undone key by key;
// - counters_, blocks_, numbers_: values that become keys in take();
// - hot_, patients_, series_: caches of what can be read again at any time. A rollback drops them.
class Transaction::Impl {
 public:
  explicit Impl(KvStore& store);

  // --- group (transaction.cpp) ---
  size_t savepoint();
  void roll_back(size_t savepoint);
  KvBatch take();
  void reset();

  // --- reading (transaction.cpp) ---
  Counters counters_of(ResourceId id);  // not of instances
  std::optional<Metadata> metadata(const Resource& resource, int32_t key);
  PatientState patient_state(ResourceId patient);
  bool is_series_complete(ResourceId series);
  Resource current(const Resource& resource) const;  // as it is now; HILUM_E_UNKNOWN_RESOURCE

  // --- writing ---
  Resource add_instance(const NewInstance& instance);  // transaction_add.cpp
  Removed remove(const Resource& resource);            // transaction_remove.cpp
  void log(ChangeType type, Level level, ResourceId id, const PublicId& resource, int64_t time_ms);
  int64_t log_export(const Resource& resource, std::string_view remote, int64_t time_ms);
  void set_counters(ResourceId id, const Counters& counters) { counters_.set(id, counters); }
  // Adds the difference of sizes to a resource, all above it, and the totals.
  void change_sizes(const Resource& resource, const Counters& before, const Counters& after);
  void set_patient_state(ResourceId patient, const PatientState& state);
  void move_to_end_of_recycling(ResourceId patient);
  void write_record(const Resource& resource) {
    overlay_.put(record_key(resource.id), encode_resource(resource));
  }
  // What is known of the completion of a series must be read anew.
  void forget_series(ResourceId series) { series_.erase(series); }

  Overlay overlay_;
  Numbers numbers_;
  std::vector<Change> events_;

 private:
  // Where the parents of a new instance are, or will be.
  struct Family {
    std::array<ResourceId, 4> ids{};
    std::array<bool, 4> is_new{};
    std::array<int64_t, 4> sequences{};  // of the changes that announce the new ones
  };
  struct Hot {
    ResourceId id = 0, parent = 0;
  };
  struct SeriesFacts {
    std::optional<int64_t> expected;
    std::optional<SeriesProgress> progress;  // absent: not looked at yet
    uint64_t instances = 0;                  // that `progress` has seen
  };
  struct Mark {
    size_t overlay, counters, blocks, events;
    Numbers numbers;
  };

  // Limits of the caches: what many associations that send at once touch, and not more.
  static constexpr size_t kHotLimit = 4096, kSeriesLimit = 64;
  // Keys of cleared changes that one group erases.
  static constexpr int kTrimmedPerGroup = 1000;

  void load_numbers();
  void write_numbers(KvBatch* batch);
  void trim_changes();
  void trim_exports();
  void drop_caches();

  std::optional<Hot> find_parent(const PublicId& id, Level level);
  Family find_family(const NewInstance& instance);
  void create(const Resource& resource);
  void create_parent(const NewInstance& instance, const Family& family, size_t slot);
  void count_instance(const NewInstance& instance, const Family& family);
  void announce(const NewInstance& instance, const Family& family);
  SeriesFacts& series_facts(ResourceId series);
  void scan_series(ResourceId series, SeriesFacts* facts);
  bool completes_series(const NewInstance& instance, const Family& family);
  void count_in_block(Level level, ResourceId id, int64_t difference);
  void count_in_totals(Level level, const Counters& sizes, bool added);

  void remove_tree(const Resource& resource, int64_t time_ms, Removed* removed);
  void erase_resource(const Resource& resource, int64_t time_ms, Removed* removed);
  void erase_prefixed(const Resource& resource);

  KvStore& store_;
  Numbers stored_numbers_;
  Cells<ResourceId, Counters> counters_{kHotLimit};
  Cells<uint64_t, uint64_t> blocks_{kHotLimit};  // see block_code()
  std::vector<Mark> marks_;
  std::unordered_map<PublicId, Hot> hot_;
  std::unordered_map<ResourceId, PatientState> patients_;
  std::unordered_map<ResourceId, SeriesFacts> series_;
};

}  // namespace hilum::index
