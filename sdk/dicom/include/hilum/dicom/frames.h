// The frames of an image as they are stored, one at a time, without loading the object.
#pragma once

#include <hilum/cpp/error.h>
#include <hilum/dicom/byte_source.h>
#include <hilum/dicom/content.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/pixels.h>
#include <hilum/dicom/transfer_syntax.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::dicom {

// MPEG-2, MPEG-4 and HEVC (PS3.5 section 8.2.5 and following): one stream, counted as one frame.
bool is_video(std::string_view transfer_syntax);

// Finds frames in the Pixel Data of a file. Native ones by arithmetic; encapsulated ones by the Extended Offset
// Table, the Basic Offset Table, or by walking over the headers of the fragments once (read in windows; what was
// found is kept for the life of the reader); those of deflated files by inflating up to them, in bounded memory.
// Sizes are checked against the data before anything is allocated. One thread at a time.
//
//   dicom::ReadAt read = [&](uint64_t offset, void* to, size_t count) { return blob.read(offset, to, count); };
//   dicom::FrameReader frames(dicom::ByteSource(read, size), header);
//   std::string bytes = frames.frame(0);
class FrameReader {
 public:
  // `source` is a view of the whole file, which must outlive the reader. `header` is used in the constructor only;
  // it may have been read up to Pixel Data. Throws Error(HILUM_E_BAD_FORMAT): no pixel data, no usable Image Pixel
  // module, or a cut-off file.
  FrameReader(const ByteSource& source, const ParsedInstance& header);
  ~FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  // What the header says, `frames` excepted: 1 for video. Encapsulated frames can be read without it: if the header
  // has no usable Image Pixel module, this throws Error(HILUM_E_BAD_FORMAT).
  const PixelFormat& format() const;
  const std::string& transfer_syntax() const { return transfer_syntax_; }
  // Native: frame() gives little-endian samples that need no decoder.
  bool is_native() const;
  uint64_t count() const { return count_; }

  // Frame n from 0: the bytes of its fragments one after the other; native samples little-endian, one-bit samples
  // from the first bit of the first byte on, planes as they are stored. Throws Error: HILUM_E_OUT_OF_RANGE (no such
  // frame), HILUM_E_BAD_FORMAT (the data do not hold it, or fragments do not fit the frames).
  std::string frame(uint64_t n);

  // Where the same bytes lie in the source, in order, if they lie there as frame() gives them; else empty (deflated,
  // swapped, or not at a whole byte). Same errors.
  std::vector<Piece> pieces(uint64_t n);

 private:
  class Layout;
  class Native;
  class Deflated;
  class Encapsulated;

  void check_number(uint64_t n) const;

  const ByteSource source_;
  std::string transfer_syntax_;
  uint64_t count_ = 0;
  std::optional<PixelFormat> format_;
  std::optional<Error> format_error_;
  std::unique_ptr<Layout> layout_;
};

}  // namespace hilum::dicom
