// What stage() gives out: bytes in memory that go into a segment, or a file of its own.
#pragma once

#include <string>

#include "core/storage/blob_store.h"
#include "core/storage/own_files.h"

namespace hilum::storage {

class Staged final : public StagedBlob {
 public:
  Staged(const BlobUuid& uuid, std::string bytes, uint32_t crc)
      : uuid_(uuid), bytes_(std::move(bytes)), size_(bytes_.size()), crc_(crc) {}
  // A file; removed again unless keep() is called.
  Staged(const BlobUuid& uuid, UniqueFd fd, uint64_t size, uint32_t crc, OwnFiles& files)
      : uuid_(uuid), size_(size), crc_(crc), fd_(std::move(fd)), files_(&files) {}
  ~Staged() override {
    if (files_ != nullptr && !kept_) {
      files_->remove(uuid_);
    }
  }
  Staged(const Staged&) = delete;
  Staged& operator=(const Staged&) = delete;

  const BlobUuid& uuid() const override { return uuid_; }
  uint64_t size() const override { return size_; }
  void describe(std::string description) override { description_ = std::move(description); }
  const std::string& description() const override { return description_; }

  bool is_file() const { return files_ != nullptr; }
  const std::string& bytes() const { return bytes_; }
  uint32_t crc() const { return crc_; }
  int fd() const { return fd_.get(); }
  void keep() { kept_ = true; }
  bool is_flushed() const { return flushed_; }
  void set_flushed() { flushed_ = true; }

 private:
  const BlobUuid uuid_;
  std::string bytes_;
  uint64_t size_ = 0;
  uint32_t crc_ = 0;
  std::string description_;
  UniqueFd fd_;
  OwnFiles* files_ = nullptr;
  bool kept_ = false;
  bool flushed_ = false;
};

}  // namespace hilum::storage
