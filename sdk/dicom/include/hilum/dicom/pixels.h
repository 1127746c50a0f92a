// What the image pixel module of a data set says (PS3.3 section C.7.6.3), and a decoded frame.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

class DcmItem;

namespace hilum::dicom {

// The layout of the samples of a frame. Missing attributes have the defaults of the reference: one sample,
// BitsStored = BitsAllocated, HighBit = BitsStored - 1, unsigned, interleaved, one frame.
struct PixelFormat {
  uint32_t rows = 0;
  uint32_t columns = 0;
  uint32_t samples_per_pixel = 1;
  uint32_t bits_allocated = 0;
  uint32_t bits_stored = 0;
  uint32_t high_bit = 0;
  bool is_signed = false;  // PixelRepresentation 1
  bool is_planar = false;  // PlanarConfiguration 1; with several samples only
  uint64_t frames = 1;
  std::string photometric;  // PhotometricInterpretation, as written, without padding

  // YBR_FULL_422 without compression: two pixels are stored as Y Y Cb Cr.
  bool is_subsampled() const { return photometric == "YBR_FULL_422" && samples_per_pixel == 3; }

  // Bytes of one frame of native pixel data, one-bit samples packed: 64-bit arithmetic that cannot overflow.
  // UINT64_MAX if there is no such number. A decoder that delivers full samples changes `photometric` first.
  uint64_t frame_size() const;
};

// NumberOfFrames: 1 if absent or empty. Throws Error(HILUM_E_BAD_FORMAT) for what is no number or negative.
uint64_t frame_count(DcmItem& data_set);

// Reads the format from a data set. Throws Error(HILUM_E_BAD_FORMAT) for what is no number, is missing (Rows,
// Columns, BitsAllocated) or contradicts itself (BitsStored > BitsAllocated; BitsAllocated not 1, 8, 16, 24, 32 or 64).
PixelFormat pixel_format(DcmItem& data_set);

// One frame without compression: samples little-endian, `format.is_planar` says how they lie. A decoder has
// changed `format` to what it delivers: YBR of JPEG has become RGB, for instance.
struct DecodedFrame {
  PixelFormat format;
  std::string pixels;  // format.frame_size() bytes
};

}  // namespace hilum::dicom
