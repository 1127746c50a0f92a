// A storage folder of its own for a test, and the committing thread's part in a few lines.
#pragma once

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "core/storage/blob_check.h"
#include "core/storage/segment_store.h"
#include "tests/unit/storage/memory_store.h"

namespace hilum::storage::testing {

class TempFolder {
 public:
  TempFolder() {
    // In memory if possible: thousands of small folders are made and removed here.
    std::string name = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    name += "/hilum-storage-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("no temporary folder: " + name);
    }
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string content_of(const BlobReader& reader) {
  std::string bytes(static_cast<size_t>(reader.size()), '\0');
  EXPECT_EQ(reader.read(0, bytes.data(), bytes.size()), bytes.size());
  return bytes;
}

// Small limits, so that tests reach them with few bytes.
inline StoreOptions small_options() {
  StoreOptions options;
  options.segment_size = 16 * 1024;
  options.file_size = 4096;
  options.zeros_ahead = 1024;
  return options;
}

// Leaves the flushes out: what a killed process leaves behind does not depend on them, and tests are to be
// fast on busy disks. That they are asked for is tested by making them fail (crash_test.cpp).
class NoFlush : public FileSystem {
 public:
  int fdatasync(int) override { return 0; }
  int fsync(int) override { return 0; }
  int syncfs(int) override { return 0; }
  static NoFlush& instance() {
    static NoFlush files;
    return files;
  }
};

// The store with what the committing thread does around it.
class Server {
 public:
  Server(const std::string& folder, index::KvStore& kv, const StoreOptions& options = small_options(),
         FileSystem& files = NoFlush::instance())
      : kv_(kv), store_(folder, options, kv, files), group_(store_.replay()) {}

  SegmentStore& store() { return store_; }
  uint64_t group() const { return group_; }

  // One group with these blobs; each is also named in the index ("blob " + its content).
  std::vector<BlobUuid> put(const std::vector<std::string>& contents,
                            const std::vector<BlobUuid>& removed = {}) {
    std::vector<std::unique_ptr<StagedBlob>> blobs;
    std::vector<BlobUuid> uuids;
    index::KvBatch changes;
    for (const std::string& content : contents) {
      blobs.push_back(store_.stage(content));
      blobs.back()->describe("about " + content.substr(0, 8));
      uuids.push_back(blobs.back()->uuid());
      changes.put("X" + content.substr(0, 64), "present");
    }
    commit(blobs, removed, &changes);
    return uuids;
  }
  void commit(const std::vector<std::unique_ptr<StagedBlob>>& blobs, const std::vector<BlobUuid>& removed,
              index::KvBatch* changes) {
    const uint64_t group = ++group_;  // a number is never used twice, whatever happens
    store_.commit(group, blobs, removed, changes);
    kv_.write(*changes, false);
    store_.remove_committed(removed);
  }
  // Housekeeping until nothing is left to do.
  void rest() {
    for (int i = 0; i < 10000; ++i) {
      const auto done = store_.upkeep(group_ + 1);
      group_ += done.used_group ? 1 : 0;
      if (!done.more) {
        return;
      }
    }
    FAIL() << "housekeeping has no end";
  }
  std::string get(const BlobUuid& uuid) const {
    const auto reader = store_.open(uuid);
    return reader ? content_of(*reader) : "(none)";
  }

 private:
  index::KvStore& kv_;
  SegmentStore store_;
  uint64_t group_;
};

// Copies a folder: what the disk would hold if the process ended now.
inline void copy_folder(const std::string& from, const std::string& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

}  // namespace hilum::storage::testing
