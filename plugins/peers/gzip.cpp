#include "gzip.h"

#include <hilum/cpp/error.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <string>

namespace hilum::peers {

namespace {

constexpr size_t kPiece = 256 * 1024;
constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for a gzip header

}  // namespace

void gzip(const http_client::Body& body, dicom::FileOutput& out) {
  z_stream stream{};
  // The fastest: pixels gain little from the others, which take five times as long.
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw Error(HILUM_E_NO_MEMORY);
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closing(&stream, &deflateEnd);
  std::string raw(kPiece, '\0');
  std::string compressed(kPiece, '\0');
  uint64_t position = 0;
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(kPiece, body.size - position));
    size_t count = 0;
    while (count < wanted) {
      const size_t got = body.read(position, raw.data() + count, wanted - count);
      if (got == 0) throw Error(HILUM_E_CORRUPTED, "the stored file is shorter than the index says");
      count += got;
      position += got;
    }
    stream.next_in = reinterpret_cast<Bytef*>(raw.data());
    stream.avail_in = static_cast<uInt>(count);
    do {
      stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
      stream.avail_out = static_cast<uInt>(kPiece);
      status = deflate(&stream, position == body.size ? Z_FINISH : Z_NO_FLUSH);
      if (status == Z_STREAM_ERROR) throw Error(HILUM_E_INTERNAL, "zlib refuses to compress");
      out.append({compressed.data(), kPiece - stream.avail_out});
    } while (stream.avail_out == 0);
  }
}

}  // namespace hilum::peers
