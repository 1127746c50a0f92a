#include "rle.h"

#include <algorithm>
#include <utility>

namespace hilum::codecs {
namespace {

constexpr size_t kHeaderSize = 64;
constexpr uint32_t kMostSegments = 15;
constexpr uint64_t kBytesPerByte = 64;  // two bytes make at most 128

uint32_t number32(const uint8_t* p) {
  return p[0] | static_cast<uint32_t>(p[1]) << 8 | static_cast<uint32_t>(p[2]) << 16 |
         static_cast<uint32_t>(p[3]) << 24;
}

[[noreturn]] void refuse(const std::string& why) { throw Error(HILUM_E_BAD_FORMAT, "RLE: " + why); }

// PackBits (annex G.3.2): `count` bytes, each `stride` from the one before. What follows them is padding. Runs may
// go on over the end of a row.
void unpack(const uint8_t* from, const uint8_t* end, uint8_t* to, size_t count, size_t stride) {
  while (count > 0) {
    if (end - from < 2) refuse("a segment is too short");
    const uint8_t control = *from++;
    if (control == 128) continue;
    const size_t length = std::min<size_t>(count, control < 128 ? control + 1u : 257u - control);
    if (control < 128) {
      if (static_cast<size_t>(end - from) < length) refuse("a segment is too short");
      for (size_t i = 0; i < length; ++i, to += stride) *to = from[i];
      from += length;
    } else {
      for (size_t i = 0; i < length; ++i, to += stride) *to = *from;
      ++from;
    }
    count -= length;
  }
}

// Where segment `index` begins and ends.
std::pair<const uint8_t*, const uint8_t*> segment(const StoredFrame& frame, uint32_t count, uint32_t index) {
  const uint64_t begin = number32(frame.data() + 4 + 4 * size_t{index});
  const uint64_t end = index + 1 < count ? number32(frame.data() + 8 + 4 * size_t{index}) : frame.size();
  if (begin < kHeaderSize || begin > end || end > frame.size())
    refuse("the offsets of its segments are wrong");
  return {frame.data() + begin, frame.data() + end};
}

}  // namespace

void decode_rle(const StoredFrame& frame) {
  dicom::PixelFormat decoded = frame.format();
  if (decoded.bits_allocated != 8 && decoded.bits_allocated != 16 && decoded.bits_allocated != 32) {
    refuse("samples of " + std::to_string(decoded.bits_allocated) + " bits; whole bytes are decoded");
  }
  const uint32_t bytes = decoded.bits_allocated / 8;
  if (frame.size() < kHeaderSize) refuse("it is cut off");
  const uint32_t segments = number32(frame.data());
  if (segments == 0 || segments > kMostSegments || segments != decoded.samples_per_pixel * bytes) {
    refuse(std::to_string(segments) + " segments for " + std::to_string(decoded.samples_per_pixel) +
           " samples of " + std::to_string(bytes) + " bytes");
  }
  decoded.is_planar = false;
  if (decoded.is_subsampled()) decoded.photometric = "YBR_FULL";  // planes are complete
  const uint64_t size = decoded.frame_size();
  if (size / kBytesPerByte > frame.size()) {
    refuse(std::to_string(frame.size()) + " bytes cannot hold a frame of " + std::to_string(size));
  }
  uint8_t* pixels = frame.allocate(decoded);
  const size_t count = static_cast<size_t>(size / segments);
  for (uint32_t index = 0; index < segments; ++index) {
    // Samples one after the other, of each the most significant byte first; the frame is little-endian.
    const uint32_t sample = index / bytes;
    const uint32_t byte = bytes - 1 - index % bytes;
    const auto [from, end] = segment(frame, segments, index);
    unpack(from, end, pixels + sample * bytes + byte, count, segments);
  }
}

}  // namespace hilum::codecs
