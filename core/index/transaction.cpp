#include "core/index/transaction.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>

#include <utility>

#include "core/index/transaction_impl.h"

namespace hilum::index {

namespace {

// A block of 'N' as one number: level, depth and block.
struct BlockCode {
  static constexpr int kLevelShift = 58, kDepthShift = 61;
  static constexpr uint64_t kBlockMask = (uint64_t{1} << kLevelShift) - 1;

  static uint64_t make(Level level, int depth, ResourceId id) {
    return (static_cast<uint64_t>(depth) << kDepthShift) | (static_cast<uint64_t>(level) << kLevelShift) |
           (id >> block_shift(depth));
  }
  static std::string key(uint64_t code) {
    return block_key(static_cast<Level>((code >> kLevelShift) & 7), static_cast<int>(code >> kDepthShift),
                     code & kBlockMask);
  }
};

void put_number(KvBatch* batch, NumberKey number, uint64_t value, uint64_t stored) {
  if (value != stored) {
    batch->put(number_key(number), encode_number(value));
  }
}

}  // namespace

Transaction::Impl::Impl(KvStore& store) : overlay_(store), store_(store) {
  ensure_format(store);
  load_numbers();
}

void Transaction::Impl::load_numbers() {
  const auto load = [&](NumberKey number) {
    std::string value;
    return store_.get(number_key(number), &value) ? decode_number(value) : 0;
  };
  numbers_ = {};
  numbers_.last_id = load(NumberKey::kLastId);
  numbers_.last_sequence = static_cast<int64_t>(load(NumberKey::kLastSequence));
  numbers_.last_order = load(NumberKey::kLastOrder);
  numbers_.cleared_to = static_cast<int64_t>(load(NumberKey::kClearedTo));
  numbers_.trimmed_to = static_cast<int64_t>(load(NumberKey::kTrimmedTo));
  numbers_.last_export = static_cast<int64_t>(load(NumberKey::kLastExport));
  numbers_.exports_cleared_to = static_cast<int64_t>(load(NumberKey::kExportsClearedTo));
  numbers_.exports_trimmed_to = static_cast<int64_t>(load(NumberKey::kExportsTrimmedTo));
  std::string totals;
  if (store_.get(number_key(NumberKey::kTotals), &totals)) {
    numbers_.totals = decode_totals(totals);
  }
  stored_numbers_ = numbers_;
}

void Transaction::Impl::write_numbers(KvBatch* batch) {
  const Numbers &now = numbers_, &then = stored_numbers_;
  put_number(batch, NumberKey::kLastId, now.last_id, then.last_id);
  put_number(batch, NumberKey::kLastSequence, static_cast<uint64_t>(now.last_sequence),
             static_cast<uint64_t>(then.last_sequence));
  put_number(batch, NumberKey::kLastOrder, now.last_order, then.last_order);
  put_number(batch, NumberKey::kClearedTo, static_cast<uint64_t>(now.cleared_to),
             static_cast<uint64_t>(then.cleared_to));
  put_number(batch, NumberKey::kTrimmedTo, static_cast<uint64_t>(now.trimmed_to),
             static_cast<uint64_t>(then.trimmed_to));
  put_number(batch, NumberKey::kLastExport, static_cast<uint64_t>(now.last_export),
             static_cast<uint64_t>(then.last_export));
  put_number(batch, NumberKey::kExportsClearedTo, static_cast<uint64_t>(now.exports_cleared_to),
             static_cast<uint64_t>(then.exports_cleared_to));
  put_number(batch, NumberKey::kExportsTrimmedTo, static_cast<uint64_t>(now.exports_trimmed_to),
             static_cast<uint64_t>(then.exports_trimmed_to));
  const std::string totals = encode_totals(now.totals);
  if (totals != encode_totals(then.totals)) {
    batch->put(number_key(NumberKey::kTotals), totals);
  }
  stored_numbers_ = numbers_;
}

// --- the group ---

size_t Transaction::Impl::savepoint() {
  marks_.push_back(
      {overlay_.savepoint(), counters_.savepoint(), blocks_.savepoint(), events_.size(), numbers_});
  return marks_.size() - 1;
}

void Transaction::Impl::roll_back(size_t savepoint) {
  if (savepoint >= marks_.size()) {
    throw Error(HILUM_E_BAD_SEQUENCE, "the savepoint of the index does not exist any more");
  }
  const Mark& mark = marks_[savepoint];
  overlay_.roll_back(mark.overlay);
  counters_.roll_back(mark.counters);
  blocks_.roll_back(mark.blocks);
  events_.resize(mark.events);
  numbers_ = mark.numbers;
  marks_.resize(savepoint + 1);
  drop_caches();
}

void Transaction::Impl::drop_caches() {
  hot_.clear();
  patients_.clear();
  series_.clear();
}

KvBatch Transaction::Impl::take() {
  trim_changes();
  trim_exports();
  KvBatch batch;
  overlay_.take(&batch);
  counters_.take([&](ResourceId id, const Counters& counters) {
    batch.put(counters_key(id), encode_counters(counters));
  });
  blocks_.take([&](uint64_t code, uint64_t count) {
    if (count == 0) {
      batch.erase(BlockCode::key(code));
    } else {
      batch.put(BlockCode::key(code), encode_varint(count));
    }
  });
  write_numbers(&batch);
  marks_.clear();
  if (hot_.size() > kHotLimit) {
    hot_.clear();
  }
  if (patients_.size() > kHotLimit) {
    patients_.clear();
  }
  return batch;
}

void Transaction::Impl::reset() {
  overlay_.reset();
  counters_.reset();
  blocks_.reset();
  marks_.clear();
  events_.clear();
  drop_caches();
  load_numbers();
}

// A cleared change log may have millions of rows: their keys go in portions.
void Transaction::Impl::trim_changes() {
  if (numbers_.trimmed_to >= numbers_.cleared_to) {
    return;
  }
  std::vector<std::pair<int64_t, ResourceId>> rows;
  overlay_.scan(std::string(1, key::kChange), change_key(numbers_.trimmed_to + 1),
                [&](std::string_view key, std::string_view value) {
                  const int64_t sequence = static_cast<int64_t>(parse_single_key(key).value_or(0));
                  if (sequence <= numbers_.cleared_to) {
                    rows.emplace_back(sequence, decode_change(sequence, value).id);
                  }
                  return sequence <= numbers_.cleared_to && rows.size() < kTrimmedPerGroup;
                });
  for (const auto& [sequence, id] : rows) {
    overlay_.erase(change_key(sequence));
    overlay_.erase(change_of_key(id, sequence));
  }
  numbers_.trimmed_to = rows.size() < kTrimmedPerGroup ? numbers_.cleared_to : rows.back().first;
}

// --- reading ---

Counters Transaction::Impl::counters_of(ResourceId id) {
  return counters_.get(id, [&] {
    Resource parent;
    parent.id = id;
    return read_counters(overlay_, parent);
  });
}

std::optional<Metadata> Transaction::Impl::metadata(const Resource& resource, int32_t key) {
  if (key == kLastUpdate && resource.level != Level::kInstance) {
    return last_update_metadata(counters_of(resource.id));
  }
  return read_metadata(overlay_, resource, key);
}

PatientState Transaction::Impl::patient_state(ResourceId patient) {
  const auto it = patients_.find(patient);
  return it != patients_.end()
             ? it->second
             : patients_.emplace(patient, read_patient_state(overlay_, patient)).first->second;
}

Resource Transaction::Impl::current(const Resource& resource) const {
  std::optional<Resource> now = read_resource(overlay_, resource.id);
  if (!now || now->public_id != resource.public_id) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE,
                fmt::format("{} is not in the index any more", resource.public_id.to_string()));
  }
  return *std::move(now);
}

void Transaction::Impl::count_in_block(Level level, ResourceId id, int64_t difference) {
  for (int depth = 1; depth <= kBlockDepths; ++depth) {
    const uint64_t code = BlockCode::make(level, depth, id);
    const uint64_t count = blocks_.get(code, [&] {
      std::string value;
      return store_.get(BlockCode::key(code), &value) ? decode_varint(value) : 0;
    });
    blocks_.set(code, count + static_cast<uint64_t>(difference));
  }
}

void Transaction::Impl::log(ChangeType type, Level level, ResourceId id, const PublicId& resource,
                            int64_t time_ms) {
  StoredChange change{{0, type, level, resource, time_ms}, id};
  if (is_logged(type)) {
    change.change.sequence = ++numbers_.last_sequence;
    overlay_.put_new(change_key(change.change.sequence), encode_change(change));
    overlay_.put_new(change_of_key(id, change.change.sequence));
  }
  events_.push_back(change.change);
}

// --- the interface ---

Transaction::Transaction(KvStore& store) : impl_(std::make_shared<Impl>(store)) {}

std::optional<Resource> Transaction::find(const PublicId& id) const {
  const std::optional<Location> location = read_location(impl_->overlay_, id);
  return location ? std::optional<Resource>(need_resource(impl_->overlay_, location->id)) : std::nullopt;
}

std::optional<Resource> Transaction::get(ResourceId id) const { return read_resource(impl_->overlay_, id); }

std::optional<Metadata> Transaction::metadata(const Resource& resource, int32_t key) const {
  return impl_->metadata(resource, key);
}

Counters Transaction::counters(const Resource& resource) const {
  return resource.level == Level::kInstance ? sizes_of(resource.attachments)
                                            : impl_->counters_of(resource.id);
}

Totals Transaction::totals() const { return impl_->numbers_.totals; }

bool Transaction::is_protected(ResourceId patient) const {
  return impl_->patient_state(patient).is_protected;
}

std::optional<Resource> Transaction::next_to_recycle(std::optional<PublicId> except) const {
  std::optional<Resource> next;
  const std::string prefix(1, key::kRecycling);
  impl_->overlay_.scan(prefix, prefix, [&](std::string_view, std::string_view value) {
    Resource patient = need_resource(impl_->overlay_, decode_number(value));
    if (!except || patient.public_id != *except) {
      next = std::move(patient);
    }
    return !next;
  });
  return next;
}

bool Transaction::is_series_complete(ResourceId series) const { return impl_->is_series_complete(series); }

Resource Transaction::add_instance(const NewInstance& instance) { return impl_->add_instance(instance); }

Removed Transaction::remove(const Resource& resource) { return impl_->remove(resource); }

void Transaction::log_change(ChangeType type, Level level, ResourceId id, const PublicId& resource,
                             int64_t time_ms) {
  impl_->log(type, level, id, resource, time_ms);
}

void Transaction::clear_changes() { impl_->numbers_.cleared_to = impl_->numbers_.last_sequence; }

int64_t Transaction::log_export(const Resource& resource, std::string_view remote, int64_t time_ms) {
  return impl_->log_export(resource, remote, time_ms);
}

void Transaction::clear_exports() { impl_->numbers_.exports_cleared_to = impl_->numbers_.last_export; }

void Transaction::set_global_property(std::string_view name, std::string_view value) {
  impl_->overlay_.put(global_property_key(name), std::string(value));
}

void Transaction::put_raw(std::string key, std::string value) {
  impl_->overlay_.put(std::move(key), std::move(value));
}

void Transaction::erase_raw(std::string key) { impl_->overlay_.erase(std::move(key)); }

std::optional<std::string> Transaction::get_raw(std::string_view key) const {
  std::string value;
  return impl_->overlay_.get(key, &value) ? std::optional<std::string>(std::move(value)) : std::nullopt;
}

size_t Transaction::savepoint() const { return impl_->savepoint(); }
void Transaction::roll_back(size_t savepoint) { impl_->roll_back(savepoint); }
KvBatch Transaction::take() { return impl_->take(); }
std::vector<Change> Transaction::take_events() { return std::exchange(impl_->events_, {}); }
void Transaction::reset() { impl_->reset(); }

}  // namespace hilum::index
