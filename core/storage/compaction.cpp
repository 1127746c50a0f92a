// Giving space back: segments of which little lives are emptied, a little at a time, and deleted.
#include <hilum/cpp/error.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/uuid.h"
#include "core/storage/segment_store.h"

namespace hilum::storage {
namespace {

// What one step carries over at most, so that a store that waits is not held up for long.
constexpr uint64_t kStepBytes = 1 << 20;
constexpr size_t kStepEntries = 512;

}  // namespace

void SegmentStore::start_count() {
  count_.reset();
  living_.clear();
  Count count;
  count.snapshot = store_.snapshot();
  count.next = count.snapshot->iterate();
  count.next->seek("B");
  count_ = std::move(count);
}

void SegmentStore::count_a_little() {
  index::KvIterator& next = *count_->next;
  for (size_t i = 0; i < options_.count_step; ++i) {
    if (!next.valid() || next.key().substr(0, 1) != "B") {
      count_.reset();
      return;
    }
    const auto where = location_uuid(next.key()) ? decode_location(next.value()) : std::nullopt;
    if (where) {
      living_[where->segment] += static_cast<int64_t>(where->living_bytes());
    }
    next.next();
  }
}

BlobStore::Upkeep SegmentStore::upkeep(uint64_t group) {
  try {
    if (recount_) {
      return {};
    }
    if (count_) {
      count_a_little();
      return {false, true};
    }
    const bool moved_on = log_->segment() != checkpoint_.segment;
    look_for_victim_ = look_for_victim_ || moved_on;
    if (log_->last_group() != checkpoint_.group &&
        (moved_on || log_->end() - checkpoint_.offset > options_.checkpoint_interval)) {
      write_checkpoint();
    }
    if (!victim_ && !choose_victim()) {
      return {};
    }
    const bool used = empty_a_little(group);
    return {used, victim_.has_value() || look_for_victim_};
  } catch (const std::exception& error) {
    log_error(LogCategory::kIndex, "housekeeping of the storage failed: {}", error.what());
    give_victim_up(error);
    return {log_->last_group() == group, false};
  }
}

void SegmentStore::give_victim_up(const std::exception& error) {
  count_.reset();
  look_for_victim_ = false;
  if (!victim_) {
    return;
  }
  // A damaged segment is not tried again. A full disk gets better: after the next deletion.
  const auto* known = dynamic_cast<const Error*>(&error);
  if (known != nullptr && known->code() == HILUM_E_CORRUPTED) {
    left_alone_.insert(victim_->number);
  }
  victim_.reset();
}

bool SegmentStore::choose_victim() {
  if (!look_for_victim_) {
    return false;
  }
  look_for_victim_ = false;
  // The segment in use is emptied, too, once that is worth while.
  const uint64_t end = log_->end();
  if (log_->segment() != 0 && end > options_.segment_size / 4 &&
      living_[log_->segment()] < static_cast<int64_t>(end / 2)) {
    log_->start_segment();
  }
  uint32_t victim = 0;
  for (const uint32_t number : segments_->numbers()) {
    if (number >= log_->segment() || left_alone_.count(number) > 0 ||
        living_[number] >= static_cast<int64_t>(size_of(number) / 2)) {
      continue;
    }
    victim = victim == 0 || living_[number] < living_[victim] ? number : victim;
  }
  // What lives needs room before its old place is given back; half of the reserve is for that.
  const Space now = space();
  const auto needed = static_cast<uint64_t>(victim == 0 ? 0 : std::max<int64_t>(living_[victim], 0));
  if (victim == 0 || (needed > 0 && now.free < needed + kStepBytes + now.reserve / 2)) {
    return false;
  }
  const auto file = segments_->open(victim);
  if (!file) {
    return false;
  }
  victim_ = Victim{victim, std::make_unique<SegmentScan>(file, kSegmentHeaderSize, UINT64_MAX)};
  look_for_victim_ = true;  // there may be more
  return true;
}

uint64_t SegmentStore::size_of(uint32_t full_segment) {
  const auto known = sizes_.find(full_segment);
  struct stat facts {};
  if (known != sizes_.end() || stat(segments_->path_of(full_segment).c_str(), &facts) != 0) {
    return known == sizes_.end() ? 0 : known->second;
  }
  return sizes_[full_segment] = static_cast<uint64_t>(facts.st_size);
}

bool SegmentStore::empty_a_little(uint64_t group) {
  Carried carried;
  bool at_end = false;
  while (!at_end && carried.size < kStepBytes && carried.entries.size() < kStepEntries) {
    const auto next = victim_->scan->next();
    at_end = !next;
    if (next) {
      carry(*next, carried);
    }
  }
  const bool used = !carried.entries.empty();
  if (used) {
    write_carried(group, carried);
  }
  if (at_end) {
    finish_victim();
  }
  return used;
}

void SegmentStore::carry(const Group& group, Carried& carried) const {
  uint64_t data_offset = group.data_offset();
  for (const Entry& entry : group.entries) {
    if (entry.kind == EntryKind::kRemoved) {
      // Still needed while the entry of the blob exists, or a rebuild would bring the blob back. A blob that
      // has a location was not removed: then this group does not count (segments.md).
      if (entry.segment != victim_->number && segments_->open(entry.segment) && !location(entry.uuid)) {
        carried.entries.push_back(entry);
      }
      continue;
    }
    carry_stored(group, entry, data_offset, carried);
    data_offset += entry.kind == EntryKind::kBlob ? entry.size : 0;
  }
}

void SegmentStore::carry_stored(const Group& group, const Entry& entry, uint64_t data_offset,
                                Carried& carried) const {
  const auto where = location(entry.uuid);
  const bool in_segment = entry.kind == EntryKind::kBlob;
  if (!where || where->segment != victim_->number ||
      where->offset != (in_segment ? data_offset : group.offset)) {
    return;  // removed, or moved already
  }
  if (in_segment) {
    const auto file = segments_->open(victim_->number);
    std::string bytes(static_cast<size_t>(entry.size), '\0');
    if (crc_of_range(file->fd.get(), data_offset, entry.size) != entry.crc) {
      throw Error(HILUM_E_CORRUPTED, "blob " + Uuid(entry.uuid).text() + " in " + file->path +
                                         " is damaged; the segment is left as it is");
    }
    read_all_at(file->fd.get(), bytes.data(), bytes.size(), data_offset, file->path);
    carried.size += bytes.size();
    carried.bytes.push_back(std::move(bytes));
  }
  carried.entries.push_back(entry);
  carried.old_places.emplace_back(entry.uuid, *where);
}

void SegmentStore::write_carried(uint64_t group, Carried& carried) {
  const std::vector<std::string_view> bytes(carried.bytes.begin(), carried.bytes.end());
  const SegmentLog::Place place = log_->append(group, carried.entries, {}, bytes);
  index::KvBatch changes;
  add_locations(carried.entries, place.segment, place.group_offset, place.data_offset, &changes);
  std::string number;
  append_le(number, group);
  changes.put(std::string(kAppliedKey), std::move(number));
  try {
    store_.write(changes, false);
  } catch (...) {
    log_->abandon_last();
    throw;
  }
  for (const auto& [uuid, where] : carried.old_places) {
    living_[victim_->number] -= static_cast<int64_t>(where.living_bytes());
    living_[place.segment] += static_cast<int64_t>(where.living_bytes());
  }
}

void SegmentStore::finish_victim() {
  const uint32_t number = victim_->number;
  if (living_[number] != 0) {
    throw Error(HILUM_E_CORRUPTED, segments_->path_of(number) + " should be empty now, but " +
                                       std::to_string(living_[number]) +
                                       " bytes of it are in use; it is left as it is");
  }
  write_checkpoint();  // the index must not need any group of the segment again
  victim_.reset();
  segments_->forget(number);
  living_.erase(number);
  sizes_.erase(number);
  if (files_.unlink(segments_->path_of(number)) != 0) {
    left_alone_.insert(number);
    fail_write(segments_->path_of(number));
  }
}

}  // namespace hilum::storage
