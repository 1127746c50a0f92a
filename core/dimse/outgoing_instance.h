// A stored instance on its way out: which syntax it has, where the bytes of its data set lie, and the same in another syntax.
#pragma once

#include <hilum/dicom/byte_source.h>
#include <hilum/dicom/transcode.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/index/snapshot.h"
#include "core/ingest/content.h"

namespace hilum::dimse {

// Keeps the bytes readable as long as it lives. Not thread-safe. Nothing of a large instance is loaded: it is read as it is sent.
class OutgoingInstance {
 public:
  // Null if the instance has no file. Throws Error: HILUM_E_CORRUPTED, HILUM_E_UNKNOWN_RESOURCE (deleted meanwhile),
  // HILUM_E_BAD_FORMAT.
  static std::unique_ptr<OutgoingInstance> open(const ingest::Ingest& ingest,
                                                const index::Resource& instance);
  // A DICOM file that must outlive the object. Throws HILUM_E_BAD_FORMAT.
  static std::unique_ptr<OutgoingInstance> of_file(const dicom::ByteSource& file,
                                                   std::string spool_directory);

  const std::string& sop_class() const { return sop_class_; }
  const std::string& sop_instance() const { return sop_instance_; }
  const std::string& transfer_syntax() const { return transfer_syntax_; }
  // The data set without preamble and meta header.
  dicom::ByteSource data_set() const { return source().part(data_set_offset_); }

  // From now on it is that instance in another transfer syntax. Throws the errors of dicom::Transcoder; it is then what it was.
  void transcode(const std::string& to, const dicom::FrameCodecs& codecs, int lossy_quality);

 private:
  OutgoingInstance(const ingest::Ingest& ingest, const index::Attachment& attachment);
  OutgoingInstance(const dicom::ByteSource& file, std::string spool_directory)
      : spool_directory_(std::move(spool_directory)), file_(file) {}
  void find_data_set(const index::Resource& instance);
  void ask_file();
  dicom::ByteSource source() const {
    return transcoded_ ? transcoded_->source() : file_ ? *file_ : content_->source();
  }

  std::string spool_directory_;
  std::optional<ingest::OpenContent> content_;
  std::optional<dicom::ByteSource> file_;  // or this
  std::unique_ptr<dicom::SpooledOutput> transcoded_;
  std::string sop_class_, sop_instance_, transfer_syntax_;
  uint64_t data_set_offset_ = 0;
};

// Where the data set begins in a file with preamble and meta header (PS3.10 section 7.1); nothing if the head looks different.
std::optional<uint64_t> data_set_offset(const dicom::ByteSource& file);

}  // namespace hilum::dimse
