// The DICOM file of an instance, read as far as an answer needs it.
#pragma once

#include <hilum/cpp/attachments.h>
#include <hilum/dicom/byte_source.h>
#include <hilum/dicom/image_header.h>
#include <hilum/dicom/parse.h>
#include <hilum/rest/call.h>
#include <hilum/rest/temporary_file.h>

#include <cstdint>
#include <optional>
#include <string>

namespace hilum::rest {

// The stored file of one instance. What is fetched from the storage lies in memory if it is small, else in a
// temporary file; each of the functions below fetches anew and ends the life of the sources given before. On
// the stack of one request; one thread at a time.
class StoredFile {
 public:
  StoredFile(const Services& services, const Resource& instance);
  StoredFile(const StoredFile&) = delete;
  StoredFile& operator=(const StoredFile&) = delete;

  const Blob& blob() const { return blob_; }
  uint64_t size() const { return size_; }

  // The tags up to Pixel Data: only the bytes before it are read if the index knows where it lies.
  dicom::ParsedInstance parse_header();
  // The same, but only of what tells what the image is.
  dicom::ParsedInstance parse_image_header(const dicom::ImageHeaderOptions& options = {});
  // All tags.
  dicom::ParsedInstance parse_whole();

  // All bytes, to look into here and there: nothing is fetched ahead of a large file.
  dicom::ByteSource structure();

 private:
  dicom::ParsedInstance with_pixel_data(dicom::ParsedInstance instance) const;
  dicom::ByteSource fetch(uint64_t size);
  void copy(uint64_t begin, uint64_t end, TemporaryFile& to) const;

  const Services& services_;
  Blob blob_;
  uint64_t size_;
  std::optional<uint64_t> pixel_data_offset_;  // as the index knows it; none if the file is deflated
  dicom::ReadAt read_;                         // the blob
  std::string memory_;
  std::optional<TemporaryFile> file_;
};

}  // namespace hilum::rest
