// Reads the DICOM file of a stored instance, for tags that the index does not hold.
#pragma once

#include <hilum/dicom/parse.h>

#include <memory>
#include <optional>

#include "core/index/snapshot.h"
#include "core/ingest/content.h"

namespace hilum::dimse {

// Keeps the bytes readable as long as it lives. Not thread-safe.
class StoredInstance {
 public:
  // Nothing if the instance has no file or it cannot be read (logged).
  static std::unique_ptr<StoredInstance> open(const ingest::Ingest& ingest, const index::Resource& instance);

  DcmDataset& data_set() const { return parsed_.data_set(); }  // up to Pixel Data

 private:
  StoredInstance() = default;
  void load(const ingest::Ingest& ingest, const index::Attachment& attachment);

  std::optional<ingest::OpenContent> content_;
  dicom::ParsedInstance parsed_;
};

}  // namespace hilum::dimse
