// The segments of a storage folder, opened for reading.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/files.h"

namespace hilum::storage {

// An open segment; readers share it, so that its bytes outlive its name.
struct SegmentFile {
  UniqueFd fd;
  std::string path;
};

// Keeps the segments used last open. Thread-safe.
class SegmentFolder {
 public:
  static constexpr size_t kOpenFiles = 128;

  explicit SegmentFolder(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  std::string path_of(uint32_t number) const;
  std::vector<uint32_t> numbers() const;  // ascending
  // Null if there is no such segment.
  std::shared_ptr<const SegmentFile> open(uint32_t number) const;
  void forget(uint32_t number);

 private:
  using Recent = std::list<std::pair<uint32_t, std::shared_ptr<const SegmentFile>>>;
  const std::string path_;
  mutable std::mutex mutex_;
  mutable Recent recent_;  // latest first
  mutable std::unordered_map<uint32_t, Recent::iterator> by_number_;
};

}  // namespace hilum::storage
