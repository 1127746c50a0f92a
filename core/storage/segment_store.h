// The blob store that comes with Hilum: a log of segments, and files of their own for large blobs.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "core/storage/blob_store.h"
#include "core/storage/own_files.h"
#include "core/storage/segment_folder.h"
#include "core/storage/segment_log.h"
#include "core/storage/segment_scan.h"

namespace hilum::storage {

struct StoreOptions {
  bool durable = true;           // false: nothing is flushed (SyncStorageArea)
  bool files_layout = false;     // "StorageLayout": "files": every blob is a file of its own
  uint64_t file_size = 1 << 20;  // blobs of this size and more are files in either layout
  uint64_t segment_size = 256ull << 20;
  uint64_t zeros_ahead = 4ull << 20;
  uint64_t checkpoint_interval = 64ull << 20;  // bytes of log that a start may have to read again
  // Free space that new blobs leave to the index, to deletions and to compaction; at most a sixteenth of the
  // file system.
  uint64_t reserve = 64ull << 20;
  size_t count_step = 20000;  // locations that one step of counting the living bytes looks at
};

// Owned by main, together with the index's store, which must outlive it. Locations of blobs stand in that
// store, so the log and it belong together. Threads: see BlobStore. The format is in segments.md.
class SegmentStore final : public BlobStore {
 public:
  // Makes the folder (mode 0700) unless it is there. HILUM_E_DATABASE if another process uses it.
  SegmentStore(const std::string& folder, const StoreOptions& options, index::KvStore& store,
               FileSystem& files = FileSystem::system());
  // Writes a checkpoint, so that the next start has nothing to replay.
  ~SegmentStore() override;
  SegmentStore(const SegmentStore&) = delete;
  SegmentStore& operator=(const SegmentStore&) = delete;

  using BlobStore::stage;
  std::unique_ptr<StagedBlob> stage(std::string bytes, Waiting waiting) override;
  std::unique_ptr<StagedBlob> stage_file(int fd, uint64_t size) override;
  const std::string& spool_directory() const override { return spool_; }
  uint64_t replay() override;
  void commit(uint64_t group, const std::vector<std::unique_ptr<StagedBlob>>& blobs,
              const std::vector<BlobUuid>& removed, index::KvBatch* changes) override;
  void abandon(uint64_t group) override;
  void remove_committed(const std::vector<BlobUuid>& blobs) override;
  Upkeep upkeep(uint64_t group) override;
  std::unique_ptr<BlobReader> open(const BlobUuid& uuid) const override;
  // Returns when the files that a crash had left behind are gone. Once, after replay().
  void finish_sweep();

 private:
  // What the last commit() did, until the index has taken it or not.
  struct Last {
    uint32_t segment = 0;
    uint64_t living = 0;
    std::vector<BlobUuid> files;
    std::vector<std::pair<BlobUuid, Location>> removed;
  };
  // A segment that is being emptied.
  struct Victim {
    uint32_t number = 0;
    std::unique_ptr<SegmentScan> scan;
  };
  // What one step of emptying carries over.
  struct Carried {
    std::vector<Entry> entries;
    std::vector<std::string> bytes;
    std::vector<std::pair<BlobUuid, Location>> old_places;
    uint64_t size = 0;
  };

  // Counting the living bytes of all segments, in steps: the locations as they were when it began.
  struct Count {
    std::shared_ptr<const index::KvSnapshot> snapshot;
    std::unique_ptr<index::KvIterator> next;
  };

  void prepare_folders();
  struct Space {
    uint64_t free = 0, reserve = 0;
  };
  Space space() const;
  void require_room(uint64_t size) const;
  void flush_files(const std::vector<class Staged*>& files);
  std::optional<Location> location(const BlobUuid& uuid) const;

  // replay.cpp
  struct Replayed {
    uint64_t last_group = 0;
    uint32_t segment = 0;
    uint64_t end = 0;
    uint64_t groups = 0;
    bool behind = false;  // the segment cannot be written any more
  };
  Checkpoint first_to_replay(const std::vector<SegmentExtent>& extents) const;
  Replayed replay_segments(const std::vector<SegmentExtent>& extents, const Checkpoint& from);
  void replay_segment(SegmentScan& scan, Replayed& state);
  void apply(const Group& group, uint32_t segment);
  void sweep(const BlobUuid& start);
  void write_checkpoint();

  // compaction.cpp
  void start_count();
  void count_a_little();
  void give_victim_up(const std::exception& error);
  bool choose_victim();
  uint64_t size_of(uint32_t full_segment);
  bool empty_a_little(uint64_t group);
  void carry(const Group& group, Carried& carried) const;
  void carry_stored(const Group& group, const Entry& entry, uint64_t data_offset, Carried& carried) const;
  void write_carried(uint64_t group, Carried& carried);
  void finish_victim();

  const std::string folder_;
  const std::string spool_;
  const StoreOptions options_;
  index::KvStore& store_;
  FileSystem& files_;
  UniqueFd lock_;
  std::unique_ptr<SegmentFolder> segments_;
  std::unique_ptr<OwnFiles> own_files_;
  std::unique_ptr<SegmentLog> log_;

  // Of the committing thread.
  bool replayed_ = false;
  Last last_;
  std::map<uint32_t, int64_t> living_;  // living bytes by segment; while count_ goes on: what it has seen so
                                        // far, and the changes since it began
  std::optional<Count> count_;
  bool recount_ = false;  // counting was given up, and is to begin again after the next write that succeeds
  std::map<uint32_t, uint64_t> sizes_;  // of full segments
  Checkpoint checkpoint_;
  bool look_for_victim_ = true;
  std::optional<Victim> victim_;
  std::unordered_set<uint32_t> left_alone_;  // segments that could not be emptied

  std::atomic<bool> stopping_{false};
  std::thread sweeper_;
};

}  // namespace hilum::storage
