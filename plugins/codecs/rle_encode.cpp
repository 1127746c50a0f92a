#include "rle_encode.h"

#include <algorithm>
#include <string>

namespace hilum::codecs {
namespace {

constexpr size_t kHeaderSize = 64;
constexpr uint32_t kMostSegments = 15;
constexpr size_t kLongestRun = 128;

// One row of a byte plane (annex G.3.1): runs do not go on over its end.
void pack(const uint8_t* row, size_t count, std::string& out) {
  size_t i = 0;
  while (i < count) {
    size_t run = 1;
    while (run < kLongestRun && i + run < count && row[i + run] == row[i]) ++run;
    if (run > 1) {
      out += static_cast<char>(257 - run);
      out += static_cast<char>(row[i]);
      i += run;
      continue;
    }
    // Literals, up to where three equal bytes begin: a run of two between literals gains nothing.
    size_t end = i + 1;
    while (end < count && end - i < kLongestRun &&
           !(end + 2 < count && row[end] == row[end + 1] && row[end] == row[end + 2])) {
      ++end;
    }
    out += static_cast<char>(end - i - 1);
    out.append(reinterpret_cast<const char*>(row + i), end - i);
    i = end;
  }
}

void put32(std::string& out, size_t at, size_t value) {
  for (size_t i = 0; i < 4; ++i) out[at + i] = static_cast<char>(value >> 8 * i & 0xff);
}

}  // namespace

void encode_rle(const RawFrame& frame) {
  const dicom::PixelFormat& format = frame.format();
  const uint32_t bytes = format.bits_allocated / 8;
  const uint32_t segments = bytes * format.samples_per_pixel;
  if (segments > kMostSegments) {
    throw Error(HILUM_E_NOT_IMPLEMENTED, "RLE: " + std::to_string(segments) + " bytes for each pixel");
  }
  std::string out(kHeaderSize, '\0');
  put32(out, 0, segments);
  std::string row(format.columns, '\0');
  for (uint32_t index = 0; index < segments; ++index) {
    put32(out, 4 + 4 * size_t{index}, out.size());
    // Samples one after the other, of each the most significant byte first.
    const uint8_t* from = frame.pixels() + index / bytes * bytes + (bytes - 1 - index % bytes);
    for (uint32_t y = 0; y < format.rows; ++y) {
      for (uint32_t x = 0; x < format.columns; ++x, from += segments) row[x] = static_cast<char>(*from);
      pack(reinterpret_cast<const uint8_t*>(row.data()), row.size(), out);
    }
    if (out.size() % 2 != 0) out += '\0';
    if (out.size() > UINT32_MAX) throw Error(HILUM_E_TOO_LARGE, "RLE: a frame of more than 4 GB");
  }
  frame.write(out.data(), out.size());
  if (format.samples_per_pixel > 1) {
    dicom::PixelFormat stored = format;
    stored.is_planar = true;  // the segments are planes (PS3.5 section 8.2.2)
    frame.set_stored_format(stored);
  }
}

}  // namespace hilum::codecs
