// Content of attachments: hashed, compressed and read again, in memory or in files, in pieces.
#pragma once

#include <hilum/dicom/byte_source.h>

#include <memory>
#include <string>

#include "core/base/files.h"
#include "core/index/types.h"
#include "core/ingest/ingest.h"
#include "core/ingest/md5.h"

namespace hilum::ingest {

dicom::ByteSource source_of(const Bytes& bytes);
uint64_t size_of(const Bytes& bytes);
Md5Value md5_of(const Bytes& bytes);
// The stored form of a compressed attachment: 8-byte little-endian content size, then a zlib stream. In
// memory if `content` is, else in a spool file.
Bytes compress(const Bytes& content, const std::string& spool_folder);

// Takes ownership of the descriptor of `bytes`, so that nothing leaks on the way.
class OwnedBytes {
 public:
  explicit OwnedBytes(Bytes&& bytes);
  const Bytes& view() const { return bytes_; }
  Bytes release();

 private:
  UniqueFd fd_;
  Bytes bytes_;
};

// The content of a stored attachment, whatever its form, with random access. Keeps the blob open. Large
// compressed ones are unpacked into a spool file. HILUM_E_CORRUPTED if it does not unpack to its size.
class OpenContent {
 public:
  OpenContent(std::unique_ptr<storage::BlobReader> reader, const index::Attachment& attachment,
              const std::string& spool_folder);
  dicom::ByteSource source() const;
  // A copy that is independent of the blob: in memory, or in a spool file if it is large.
  Bytes copy(const std::string& spool_folder) const;

 private:
  void unpack(const index::Attachment& attachment, const std::string& spool_folder);
  std::unique_ptr<storage::BlobReader> reader_;
  bool unpacked_ = false;
  std::string memory_;
  UniqueFd fd_;
  uint64_t size_ = 0;
};

}  // namespace hilum::ingest
