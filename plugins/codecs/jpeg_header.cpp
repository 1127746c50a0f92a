#include "jpeg_header.h"

namespace hilum::codecs {
namespace {

constexpr uint8_t kStartOfImage = 0xd8;
constexpr uint8_t kEndOfImage = 0xd9;
constexpr uint8_t kStartOfScan = 0xda;
constexpr uint8_t kBaseline = 0xc0;
constexpr uint8_t kExtended = 0xc1;
constexpr uint8_t kProgressive = 0xc2;
constexpr uint8_t kLossless = 0xc3;
constexpr uint8_t kHuffmanTables = 0xc4;
constexpr uint8_t kLastFrameHeader = 0xcf;
constexpr uint8_t kJpegLs = 0xf7;

// Without a segment behind them: TEM and the restart markers.
bool stands_alone(uint8_t marker) { return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7); }

uint32_t number16(const uint8_t* p) { return static_cast<uint32_t>(p[0] << 8 | p[1]); }

}  // namespace

std::optional<JpegHeader> read_jpeg_header(const uint8_t* data, size_t size) {
  if (size < 4 || data[0] != 0xff || data[1] != kStartOfImage) return std::nullopt;
  size_t position = 2;
  while (size - position >= 4) {
    if (data[position] != 0xff) return std::nullopt;
    const uint8_t marker = data[position + 1];
    if (marker == 0xff) {  // a fill byte
      ++position;
      continue;
    }
    position += 2;
    if (stands_alone(marker)) continue;
    if (marker == kStartOfScan || marker == kEndOfImage) return std::nullopt;
    const size_t length = number16(data + position);
    if (length < 2 || length > size - position) return std::nullopt;
    if ((marker >= kBaseline && marker <= kLossless) || marker == kJpegLs) {
      if (length < 8) return std::nullopt;
      const uint8_t* p = data + position + 2;
      return JpegHeader{number16(p + 1),   number16(p + 3),       p[5], p[0], marker == kLossless,
                        marker == kJpegLs, marker == kProgressive};
    }
    // C8 and CC are no frames: an extension and the tables of arithmetic coding.
    const bool is_other_process =
        marker > kHuffmanTables && marker <= kLastFrameHeader && marker != 0xc8 && marker != 0xcc;
    if (is_other_process) return std::nullopt;
    position += length;
  }
  return std::nullopt;
}

size_t count_scans(const uint8_t* data, size_t size) {
  size_t count = 0;
  for (size_t i = 0; i + 1 < size; ++i) count += data[i] == 0xff && data[i + 1] == kStartOfScan ? 1 : 0;
  return count;
}

static_assert(kExtended == kBaseline + 1 && kProgressive == kBaseline + 2 && kLossless == kBaseline + 3);

}  // namespace hilum::codecs
