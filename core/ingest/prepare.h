// From bytes to what the index needs: everything that can be done in parallel, before the commit.
#pragma once

#include <memory>
#include <vector>

#include "core/index/transaction.h"
#include "core/ingest/ingest.h"

namespace hilum::ingest {

// Attachment types of the server itself.
inline constexpr int32_t kDicomAttachment = 1;
inline constexpr int32_t kHeaderAttachment = 3;  // `dicom-until-pixel-data`

// Makes attachments of content. Thread-safe.
class Stager {
 public:
  using Waiting = storage::BlobStore::Waiting;
  Stager(storage::BlobStore& blobs, bool md5) : blobs_(blobs), md5_(md5) {}
  std::pair<index::Attachment, std::unique_ptr<storage::StagedBlob>> stage(
      int32_t type, Bytes&& content, bool compressed, Waiting waiting = Waiting::kAsFits) const;

 private:
  storage::BlobStore& blobs_;
  const bool md5_;
};

// The tags that describe_instance() reads, ascending.
std::vector<dicom::Tag> identity_tags(const Options& options);

// What a file says about itself, without its bytes. `reception_ms` and the metadata of the origin are set as
// well. Throws as Ingest::store().
index::NewInstance describe_instance(const dicom::ParsedInstance& parsed, const Origin& origin,
                                     const Options& options, int64_t reception_ms);
// The metadata that reconstruct sets again (main tags, transfer syntax, pixel data), by level.
std::vector<index::Metadata> derived_metadata(const dicom::ParsedInstance& parsed,
                                              const index::NewInstance& instance, index::Level level,
                                              const Options& options);

// Sets attachments and staged blobs of a new instance: the file and, if it is stored compressed and has pixel
// data, its header.
std::vector<std::unique_ptr<storage::StagedBlob>> stage_instance(
    const Stager& stager, Bytes&& bytes, const dicom::ParsedInstance& parsed, const Options& options,
    index::NewInstance& instance, Stager::Waiting waiting = Stager::Waiting::kAsFits);

}  // namespace hilum::ingest
