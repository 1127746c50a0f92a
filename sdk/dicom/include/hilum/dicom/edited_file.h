// Changing the tags of a DICOM file without touching its pixels.
#pragma once

#include <hilum/dicom/byte_source.h>
#include <hilum/dicom/parse.h>

#include <cstdint>
#include <memory>
#include <string>

class DcmDataset;

namespace hilum::dicom {

// A DICOM file whose tags are being changed. Pixel Data of the top level is not loaded: its bytes are copied as they lie in the
// source, whatever the transfer syntax, which stays the same. What follows Pixel Data is part of the data set. Deflated files
// are read as a whole. The source must outlive the object. One thread.
class EditedFile {
 public:
  // Throws HILUM_E_BAD_FORMAT for what is no complete DICOM file.
  explicit EditedFile(const ByteSource& source);

  DcmDataset& data_set() const { return instance_.data_set(); }
  const std::string& transfer_syntax() const { return instance_.transfer_syntax; }
  const ParsedInstance& instance() const { return instance_; }
  const ByteSource& source() const { return source_; }
  // Pixel Data is in the source and will be in the result.
  bool keeps_pixel_data() const { return pixel_end_ > pixel_begin_; }
  // Leaves Pixel Data out of the result.
  void drop_pixel_data() { pixel_begin_ = pixel_end_ = 0; }
  // The same, and the caller sets an uncompressed one in the data set: compressed files become explicit VR little endian.
  void replace_pixel_data();

  // The result: `head`, `size` bytes of the source from `offset`, `tail`. The meta header is made anew, of the SOP class and
  // instance of the data set. Call it once: the data set is empty behind Pixel Data afterwards.
  struct Result {
    std::string head;
    uint64_t offset = 0;
    uint64_t size = 0;
    std::string tail;
  };
  Result finish();

 private:
  ByteSource source_;
  ParsedInstance instance_;
  uint64_t pixel_begin_ = 0;
  uint64_t pixel_end_ = 0;
};

// A whole data set as a DICOM file in a transfer syntax without encapsulated pixel data.
std::string write_file(DcmDataset& data_set, std::string_view transfer_syntax);

}  // namespace hilum::dicom
