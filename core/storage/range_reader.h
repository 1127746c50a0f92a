// A range of a file, which is a segment or the blob's own.
#pragma once

#include <hilum/cpp/error.h>

#include <algorithm>
#include <memory>

#include "core/storage/blob_store.h"
#include "core/storage/log_format.h"
#include "core/storage/own_files.h"
#include "core/storage/segment_folder.h"

namespace hilum::storage {

class RangeReader final : public BlobReader {
 public:
  RangeReader(std::shared_ptr<const SegmentFile> file, uint64_t offset, uint64_t size)
      : file_(std::move(file)), offset_(offset), size_(size) {}

  uint64_t size() const override { return size_; }
  std::optional<FileRange> file_range() const override { return FileRange{file_->fd.get(), offset_}; }
  size_t read(uint64_t offset, void* buffer, size_t capacity) const override;

 private:
  const std::shared_ptr<const SegmentFile> file_;
  const uint64_t offset_;
  const uint64_t size_;
};

// Opens what lies at a location; null if the file is not there.
std::unique_ptr<BlobReader> open_blob(const BlobUuid& uuid, const Location& where,
                                      const SegmentFolder& segments, const OwnFiles& files);

// Takes the storage folder for this process. HILUM_E_DATABASE if another one has it.
UniqueFd lock_storage(const std::string& folder, FileSystem& files);

}  // namespace hilum::storage
