// What a JPEG or JPEG-LS stream says about itself before it is decoded (ITU-T T.81 section B.2.2, T.87 annex C).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace hilum::codecs {

struct JpegHeader {
  uint32_t rows = 0;
  uint32_t columns = 0;
  uint32_t components = 0;
  uint32_t precision = 0;       // bits of a sample
  bool is_lossless = false;     // predicted (SOF3), not transformed
  bool is_jpeg_ls = false;      // SOF55
  bool is_progressive = false;  // SOF2
};

// The first frame header; nothing if there is none: cut off, no JPEG, or a process that is not in DICOM
// (hierarchical, arithmetic coding).
std::optional<JpegHeader> read_jpeg_header(const uint8_t* data, size_t size);

// How many scans there may be at most: markers of their beginning, which coded data cannot contain.
size_t count_scans(const uint8_t* data, size_t size);

}  // namespace hilum::codecs
