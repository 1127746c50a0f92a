// Attachment bytes: staged in parallel, made durable per group, read by anybody. Replaceable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/index/kv_store.h"
#include "core/index/types.h"

namespace hilum::storage {

using index::BlobUuid;

// A blob opened for reading. It keeps its bytes readable even if the blob is removed or moved meanwhile.
// read() is thread-safe (pread).
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual uint64_t size() const = 0;  // stored size
  // Reads up to `capacity` stored bytes from `offset`; fewer only at the end. Error HILUM_E_CORRUPTED on I/O
  // errors.
  virtual size_t read(uint64_t offset, void* buffer, size_t capacity) const = 0;
  // Where the bytes lie, so that they can be sent without copying; nothing if they are not in a plain file.
  struct FileRange {
    int fd = -1;  // valid while the reader lives
    uint64_t offset = 0;
  };
  virtual std::optional<FileRange> file_range() const = 0;
};

// Bytes that wait for a commit: in memory, or already in an unlinked or temporary file on the storage's file
// system. Dropped without commit, they leave nothing behind.
class StagedBlob {
 public:
  virtual ~StagedBlob() = default;
  virtual const BlobUuid& uuid() const = 0;
  virtual uint64_t size() const = 0;
  // What is to be kept beside the bytes, for a rebuild of the index out of the blobs alone; opaque here.
  virtual void describe(std::string description) = 0;
  virtual const std::string& description() const = 0;
};

// Thread-safe but for replay(), commit(), abandon(), remove_committed() and upkeep(), which belong to the
// committing thread.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // kOnDisk: also a small blob becomes a file, unflushed until its commit and without an open descriptor: for one of
  // many, which together must not take memory.
  enum class Waiting { kAsFits, kOnDisk };

  // Takes bytes from memory. Large ones are written and flushed here already (one flush at a time over all
  // threads). HILUM_E_FULL_STORAGE, as of stage_file(), if they would take what is kept free for the index
  // and for deletions.
  std::unique_ptr<StagedBlob> stage(std::string bytes) { return stage(std::move(bytes), Waiting::kAsFits); }
  virtual std::unique_ptr<StagedBlob> stage(std::string bytes, Waiting waiting) = 0;
  // Takes over an unlinked file (O_TMPFILE on spool_directory()) that holds the whole blob, without copying
  // it. The descriptor is closed, also on an Error.
  virtual std::unique_ptr<StagedBlob> stage_file(int fd, uint64_t size) = 0;
  // A folder on the storage's file system for files that may become blobs.
  virtual const std::string& spool_directory() const = 0;

  // Once, before anything else: applies to the index's store what it has lost in a crash. Returns the number
  // of the last group (0: none). HILUM_E_CORRUPTED or HILUM_E_DATABASE if log and index cannot be made to
  // agree; HILUM_E_BAD_SEQUENCE the second time.
  virtual uint64_t replay() = 0;

  // Makes the blobs of a group, the removal of blobs and the index changes durable with one flush: when it
  // returns, a crash loses none. Adds the locations to `changes`, so that they are part of the same atomic
  // write, which the caller makes next. A blob that is also in `removed` is not stored. On an Error nothing
  // of the group counts, also after a crash and a restart. `group` is greater than all before it.
  virtual void commit(uint64_t group, const std::vector<std::unique_ptr<StagedBlob>>& blobs,
                      const std::vector<BlobUuid>& removed, index::KvBatch* changes) = 0;
  // Takes the last commit() back because the index's store did not take its changes.
  virtual void abandon(uint64_t group) = 0;
  // Called after the index has taken the changes of the last commit(): gives the space of what it removed
  // back, now or later.
  virtual void remove_committed(const std::vector<BlobUuid>& blobs) = 0;
  // A small piece of housekeeping between groups; `group` is a number it may use for a group of its own. Says
  // whether it did, and whether there is more to do. Never throws.
  struct Upkeep {
    bool used_group = false;
    bool more = false;
  };
  virtual Upkeep upkeep(uint64_t group) = 0;

  // Opens a stored blob; nothing if the store has no such blob (any more). HILUM_E_CORRUPTED if it should
  // have it, but the file is gone.
  virtual std::unique_ptr<BlobReader> open(const BlobUuid& uuid) const = 0;
};

}  // namespace hilum::storage
