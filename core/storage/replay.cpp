// The start: what the index's store has lost is applied to it again out of the log.
#include <hilum/cpp/error.h>

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/log_setup.h"
#include "core/base/uuid.h"
#include "core/storage/segment_store.h"

namespace hilum::storage {
namespace {

std::optional<uint64_t> applied_group(const index::KvStore& store) {
  std::string value;
  if (!store.get(kAppliedKey, &value) || value.size() != 8) {
    return std::nullopt;
  }
  return load_le<uint64_t>(value.data());
}

std::optional<Checkpoint> stored_checkpoint(const index::KvStore& store) {
  std::string value;
  return store.get(kCheckpointKey, &value) ? decode_checkpoint(value) : std::nullopt;
}

}  // namespace

uint64_t SegmentStore::replay() {
  if (replayed_) {
    throw Error(HILUM_E_BAD_SEQUENCE, "the log of " + folder_ + " has been replayed already");
  }
  std::optional<uint32_t> unfinished;
  const std::vector<SegmentExtent> extents = segment_extents(*segments_, &unfinished);
  if (unfinished) {
    // A crash while the segment was made: no group can be in it.
    segments_->forget(*unfinished);
    files_.unlink(segments_->path_of(*unfinished));
  }
  const Checkpoint from = first_to_replay(extents);
  Replayed state = replay_segments(extents, from);
  const uint64_t applied = applied_group(store_).value_or(0);
  if (applied > state.last_group || state.behind) {
    log_error(LogCategory::kIndex,
              "the log ends too early: the index has seen groups up to {}, {} does not hold them; instances "
              "were lost (was flushing switched off when the power failed?); run `hilum index check`",
              std::max(applied, state.last_group), segments_->path_of(state.segment));
    state.last_group = std::max(applied, state.last_group);
    state.behind = true;
  }
  if (state.behind) {
    log_->resume_behind(state.segment, state.end, state.last_group);
  } else {
    log_->resume(state.segment, state.end, state.last_group);
  }
  checkpoint_ = from;
  if (state.last_group != from.group) {
    write_checkpoint();
  }
  if (state.groups > 0) {
    log_info(LogCategory::kIndex, "{} commit groups of the log were applied to the index again",
             state.groups);
  }
  start_count();
  const BlobUuid start = Uuid::generate().bytes();
  sweeper_ = std::thread([this, start] {
    set_thread_name("sweep");
    sweep(start);
  });
  replayed_ = true;
  return state.last_group;
}

Checkpoint SegmentStore::first_to_replay(const std::vector<SegmentExtent>& extents) const {
  const auto checkpoint = stored_checkpoint(store_);
  if (!checkpoint) {
    if (extents.empty()) {
      return {};
    }
    const auto file = segments_->open(extents.front().number);
    if (!file || read_segment_header(*file).value_or(SegmentHeader{}).last_group != 0) {
      throw Error(HILUM_E_DATABASE, "the index of the storage directory " + folder_ +
                                        " is missing or not its own; `hilum index rebuild` makes it again");
    }
    return {0, extents.front().number, kSegmentHeaderSize};
  }
  const bool is_there = std::any_of(extents.begin(), extents.end(), [&](const SegmentExtent& extent) {
    return extent.number == checkpoint->segment;
  });
  if (!is_there && checkpoint->segment != 0) {
    throw Error(HILUM_E_DATABASE, "the index speaks of " + segments_->path_of(checkpoint->segment) +
                                      ", which is not there: storage and index directory do not belong "
                                      "together, or the index is an old copy (`hilum index rebuild`)");
  }
  return *checkpoint;
}

SegmentStore::Replayed SegmentStore::replay_segments(const std::vector<SegmentExtent>& extents,
                                                     const Checkpoint& from) {
  Replayed state;
  state.last_group = from.group;
  state.segment = from.segment;
  state.end = from.offset;
  for (const SegmentExtent& extent : extents) {
    if (extent.number < from.segment) {
      continue;
    }
    const uint64_t start = extent.number == from.segment ? from.offset : kSegmentHeaderSize;
    SegmentScan scan(segments_->open(extent.number), start, extent.limit);
    if (extent.number != from.segment && scan.header().last_group != state.last_group) {
      const std::string what = segments_->path_of(state.segment) + " is damaged at offset " +
                               std::to_string(state.end) + ": groups " +
                               std::to_string(state.last_group + 1) + " to " +
                               std::to_string(scan.header().last_group) + " are lost";
      if (options_.durable) {
        throw Error(HILUM_E_CORRUPTED, what);
      }
      log_error(LogCategory::kIndex, "{} (flushing is switched off)", what);
      state.last_group = scan.header().last_group;
    }
    state.segment = extent.number;
    state.end = start;
    replay_segment(scan, state);
  }
  return state;
}

void SegmentStore::replay_segment(SegmentScan& scan, Replayed& state) {
  const auto file = segments_->open(state.segment);
  state.behind = file_size(file->fd.get(), file->path) < state.end;
  while (const auto group = scan.next()) {
    if (group->header.previous != state.last_group || !scan.verify(*group)) {
      return;
    }
    apply(*group, state.segment);
    state.last_group = group->header.number;
    state.end = group->end();
    ++state.groups;
  }
}

void SegmentStore::apply(const Group& group, uint32_t segment) {
  index::KvBatch changes;
  if (!decode_redo(group.redo, &changes)) {
    throw Error(HILUM_E_CORRUPTED, segments_->path_of(segment) + ": the redo record of group " +
                                       std::to_string(group.header.number) + " cannot be read");
  }
  add_locations(group.entries, segment, group.offset, group.data_offset(), &changes);
  std::string number;
  append_le(number, group.header.number);
  changes.put(std::string(kAppliedKey), std::move(number));
  store_.write(changes, false);
}

void SegmentStore::write_checkpoint() {
  index::KvBatch batch;
  const Checkpoint checkpoint{log_->last_group(), log_->segment(), log_->end()};
  batch.put(std::string(kCheckpointKey), encode(checkpoint));
  store_.write(batch, true);
  checkpoint_ = checkpoint;
}

void SegmentStore::sweep(const BlobUuid& start) {
  // Files made from now on have greater UUIDs, so nothing on its way in is looked at.
  uint64_t removed = 0;
  try {
    own_files_->for_each([&](const BlobUuid& uuid) {
      if (uuid < start && !location(uuid) && own_files_->remove(uuid)) {
        ++removed;
      }
      return !stopping_;
    });
  } catch (const std::exception& error) {
    log_error(LogCategory::kIndex, "the sweep of unreferenced files ended early: {}", error.what());
  }
  if (removed > 0) {
    log_info(LogCategory::kIndex, "{} files that a crash had left behind were removed", removed);
  }
}

}  // namespace hilum::storage
