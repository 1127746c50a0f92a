#include <hilum/cpp/error.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "encode.h"

namespace hilum::images {

namespace {

constexpr size_t kPiece =
    64u << 10;  // filtered rows before they are compressed, compressed bytes before they go out

void append_big_endian(std::string& out, uint32_t value) {
  for (int shift : {24, 16, 8, 0}) out += static_cast<char>(value >> shift & 0xff);
}

// PNG (ISO/IEC 15948), 5.3: length, type, data, CRC of type and data.
void write_chunk(std::string_view type, std::string_view data, const Output& output) {
  std::string chunk;
  chunk.reserve(data.size() + 12);
  append_big_endian(chunk, static_cast<uint32_t>(data.size()));
  chunk += type;
  chunk += data;
  append_big_endian(
      chunk, crc32_gzip_refl(0, reinterpret_cast<const unsigned char*>(chunk.data()) + 4, chunk.size() - 4));
  output(chunk);
}

std::string header(const dicom::ImageSize& size, dicom::PixelKind kind) {
  constexpr char kGray = 0;
  constexpr char kRgb = 2;
  std::string data;
  append_big_endian(data, size.width);
  append_big_endian(data, size.height);
  data += static_cast<char>(dicom::bytes_per_sample(kind) * 8);
  data += dicom::is_colour(kind) ? kRgb : kGray;
  data.append(3, '\0');  // deflate, the five filters, no interlace
  return data;
}

// A zlib stream that goes out as IDAT chunks. On the stack of one picture.
class CompressedData {
 public:
  explicit CompressedData(const Output& output) : output_(output), level_buffer_(ISAL_DEF_LVL1_DEFAULT) {
    isal_deflate_init(&stream_);
    stream_.level = 1;
    stream_.level_buf = level_buffer_.data();
    stream_.level_buf_size = static_cast<uint32_t>(level_buffer_.size());
    stream_.gzip_flag = IGZIP_ZLIB;
    room_anew();
  }

  void add(std::string& bytes, bool last) {
    stream_.next_in = reinterpret_cast<uint8_t*>(bytes.data());
    stream_.avail_in = static_cast<uint32_t>(bytes.size());
    stream_.end_of_stream = last ? 1 : 0;
    while (stream_.avail_in > 0 || (last && stream_.internal_state.state != ZSTATE_END)) {
      if (const int status = isal_deflate(&stream_); status != COMP_OK)
        throw Error(HILUM_E_INTERNAL, "ISA-L: deflate: " + std::to_string(status));
      if (stream_.avail_out == 0) flush();
    }
    if (last) flush();
  }

 private:
  void flush() {
    if (const size_t size = out_.size() - stream_.avail_out; size > 0)
      write_chunk("IDAT", {out_.data(), size}, output_);
    room_anew();
  }
  void room_anew() {
    stream_.next_out = reinterpret_cast<uint8_t*>(out_.data());
    stream_.avail_out = static_cast<uint32_t>(out_.size());
  }

  const Output& output_;
  std::vector<uint8_t> level_buffer_;
  isal_zstream stream_{};
  std::string out_ = std::string(kPiece, '\0');
};

// Appends a row behind its filter type: the differences from the row above ("up", 9.2), which compress well and cost little.
// `above` holds that row and takes this one.
void append_filtered(std::string& out, std::string_view row, std::string& above) {
  constexpr char kUp = 2;
  out += kUp;
  const size_t at = out.size();
  out.resize(at + row.size());
  for (size_t i = 0; i < row.size(); ++i) out[at + i] = static_cast<char>(row[i] - above[i]);
  std::copy(row.begin(), row.end(), above.begin());
}

// Samples of 16 bits have their high byte first (7.2).
void swap_bytes(std::string& row) {
  for (size_t i = 0; i + 1 < row.size(); i += 2) std::swap(row[i], row[i + 1]);
}

}  // namespace

void write_fast_png(dicom::RowScaler& rows, dicom::PixelKind kind, const Output& output) {
  const dicom::ImageSize size = rows.size();
  const size_t sample = dicom::bytes_per_sample(kind);
  const size_t row_bytes = size_t{size.width} * sample * (dicom::is_colour(kind) ? 3 : 1);
  output({"\x89PNG\r\n\x1a\n", 8});
  write_chunk("IHDR", header(size, kind), output);
  CompressedData data(output);
  std::string above(row_bytes, '\0');
  std::string filtered;
  std::string row;
  for (uint32_t y = 0; y < size.height; ++y) {
    row.assign(rows.row(y), row_bytes);
    if (sample == 2) swap_bytes(row);
    append_filtered(filtered, row, above);
    if (filtered.size() < kPiece && y + 1 < size.height) continue;
    data.add(filtered, y + 1 == size.height);
    filtered.clear();
  }
  write_chunk("IEND", {}, output);
}

}  // namespace hilum::images
