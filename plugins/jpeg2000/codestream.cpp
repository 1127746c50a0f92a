#include "codestream.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <array>
#include <string>

namespace hilum::jpeg2000 {
namespace {

constexpr uint16_t kSoc = 0xff4f;  // start of codestream
constexpr uint16_t kSiz = 0xff51;  // size
constexpr uint16_t kCod = 0xff52;  // coding style
constexpr uint16_t kCoc = 0xff53;  // the same of one component
constexpr uint16_t kSot = 0xff90;  // start of tile-part
constexpr uint16_t kSod = 0xff93;  // start of data
constexpr uint16_t kEoc = 0xffd9;  // end of codestream
constexpr uint32_t kMostResolutions = 33;

[[noreturn]] void refuse(const std::string& why) { throw Error(HILUM_E_BAD_FORMAT, "JPEG 2000: " + why); }

// Numbers of a range of bytes, big-endian, one after the other.
class Reader {
 public:
  Reader(const uint8_t* begin, const uint8_t* end) : next_(begin), end_(end) {}

  size_t remaining() const { return static_cast<size_t>(end_ - next_); }
  const uint8_t* position() const { return next_; }
  uint32_t number(size_t bytes) {
    if (remaining() < bytes) refuse("a header is cut off");
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value = value << 8 | *next_++;
    return value;
  }
  // The next bytes as a reader of their own.
  Reader take(size_t count) {
    if (remaining() < count) refuse("a header is cut off");
    next_ += count;
    return Reader(next_ - count, next_);
  }

 private:
  const uint8_t* next_;
  const uint8_t* end_;
};

uint64_t divided_up(uint64_t value, uint64_t by) { return value / by + (value % by != 0 ? 1 : 0); }

// Annex A.5.1.
void read_size(Reader segment, CodestreamHeader& header) {
  segment.number(2);  // capabilities
  std::array<uint32_t, 8> values{};
  for (uint32_t& value : values) value = segment.number(4);
  const auto [x1, y1, x0, y0, tile_width, tile_height, tile_x0, tile_y0] = values;
  if (x1 <= x0 || y1 <= y0 || tile_width == 0 || tile_height == 0 || tile_x0 > x0 || tile_y0 > y0) {
    refuse("sizes that contradict each other");
  }
  header.columns = x1 - x0;
  header.rows = y1 - y0;
  header.components = segment.number(2);
  if (header.components == 0) refuse("no components");
  for (uint32_t i = 0; i < header.components; ++i) {
    const uint32_t depth = segment.number(1);
    const uint32_t spacing = segment.number(2);
    if (spacing != 0x0101) refuse("components that are subsampled are not decoded");
    const uint32_t precision = (depth & 0x7f) + 1;
    const bool is_signed = (depth & 0x80) != 0;
    if (i > 0 && (precision != header.precision || is_signed != header.is_signed)) {
      refuse("components with different bits");
    }
    header.precision = precision;
    header.is_signed = is_signed;
  }
  header.tiles =
      divided_up(uint64_t{x1} - tile_x0, tile_width) * divided_up(uint64_t{y1} - tile_y0, tile_height);
  header.tile_samples = uint64_t{std::min(header.columns, tile_width)} * std::min(header.rows, tile_height);
  if (header.tile_samples > UINT64_MAX / header.components) refuse("it is too large");
  header.tile_samples *= header.components;
}

// The part that COD and COC share (annex A.6.1): `style` says whether precincts have sizes of their own.
void read_coding(Reader segment, bool has_precincts, CodestreamHeader& header) {
  const uint32_t resolutions = segment.number(1) + 1;
  const uint32_t width = (segment.number(1) & 0x0f) + 2;
  const uint32_t height = (segment.number(1) & 0x0f) + 2;
  if (resolutions > kMostResolutions || width + height > 12) refuse("code blocks that do not exist");
  header.resolutions = std::max(header.resolutions, resolutions);
  segment.number(2);  // style of code blocks, wavelet
  uint64_t cell = uint64_t{1} << (width + height);
  for (uint32_t i = 0; has_precincts && i < resolutions; ++i) {
    const uint32_t exponents = segment.number(1);
    const uint32_t precinct_width = exponents & 0x0f;
    const uint32_t precinct_height = exponents >> 4;
    if (i > 0 && (precinct_width == 0 || precinct_height == 0)) refuse("precincts that do not exist");
    // On the grid of resolution i, whose samples are 4^(resolutions - 1 - i) times as few.
    const uint32_t scale = std::min(2 * (resolutions - 1 - i), 30u);
    cell = std::min(cell, uint64_t{1} << (precinct_width + precinct_height + scale));
    const uint32_t block = std::min(width, i > 0 ? precinct_width - 1 : precinct_width) +
                           std::min(height, i > 0 ? precinct_height - 1 : precinct_height);
    cell = std::min(cell, uint64_t{1} << (block + scale));
  }
  header.smallest_cell = header.smallest_cell == 0 ? cell : std::min(header.smallest_cell, cell);
}

void read_segment(uint16_t marker, Reader segment, CodestreamHeader& header) {
  if (marker == kCod) {
    const uint32_t style = segment.number(1);
    segment.number(1);  // order
    const uint32_t layers = segment.number(2);
    if (layers == 0) refuse("no quality layers");
    header.layers = std::max(header.layers, layers);
    header.has_transform = header.has_transform || segment.number(1) != 0;
    read_coding(segment, (style & 1) != 0, header);
  } else if (marker == kCoc) {
    segment.number(header.components < 257 ? 1 : 2);  // which component
    const uint32_t style = segment.number(1);
    read_coding(segment, (style & 1) != 0, header);
  }
}

Reader take_segment(Reader& stream) {
  const uint32_t length = stream.number(2);
  if (length < 2) refuse("a header of no length");
  return stream.take(length - 2);
}

// Headers of one tile-part; `stream` stands behind its SOT marker, and behind its data afterwards.
void read_tile_part(Reader& stream, CodestreamHeader& header) {
  const uint8_t* begin = stream.position() - 2;
  Reader segment = take_segment(stream);
  segment.number(2);  // tile
  const uint32_t length = segment.number(4);
  while (true) {
    const auto marker = static_cast<uint16_t>(stream.number(2));
    if (marker == kSod) break;
    read_segment(marker, take_segment(stream), header);
  }
  // 0: up to the end. What is too long is left to the decoder to refuse.
  const auto done = static_cast<size_t>(stream.position() - begin);
  stream.take(length == 0 ? stream.remaining()
                          : std::min<size_t>(length - std::min<size_t>(length, done), stream.remaining()));
}

}  // namespace

Codestream find_codestream(const uint8_t* data, size_t size) {
  constexpr std::array<uint8_t, 4> kStart = {0xff, 0x4f, 0xff, 0x51};
  constexpr std::array<uint8_t, 8> kJp2 = {0, 0, 0, 12, 'j', 'P', ' ', ' '};
  const uint8_t* end = data + size;
  const bool is_boxed = size >= kJp2.size() && std::equal(kJp2.begin(), kJp2.end(), data);
  const uint8_t* start = is_boxed ? std::search(data, end, kStart.begin(), kStart.end()) : data;
  const auto left = static_cast<size_t>(end - start);
  if (left < kStart.size() || !std::equal(kStart.begin(), kStart.end(), start))
    refuse("there is no codestream");
  return {start, left};
}

CodestreamHeader read_codestream_header(const Codestream& stream) {
  CodestreamHeader header;
  Reader reader(stream.data, stream.data + stream.size);
  if (reader.number(2) != kSoc || reader.number(2) != kSiz) refuse("there is no codestream");
  read_size(take_segment(reader), header);
  while (reader.remaining() >= 2) {
    const auto marker = static_cast<uint16_t>(reader.number(2));
    if (marker == kEoc) break;
    if (marker == kSot) {
      read_tile_part(reader, header);
    } else if (marker >= 0xff00) {
      read_segment(marker, take_segment(reader), header);
    } else {
      break;  // padding behind the last tile-part
    }
  }
  if (header.smallest_cell == 0) refuse("it does not say how it is coded");
  return header;
}

}  // namespace hilum::jpeg2000
