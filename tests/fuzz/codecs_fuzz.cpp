// JPEG, JPEG-LS and RLE frames, with the size that the data set gives and with their own.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/oflog.h>

#include "plugins/codecs/jpeg.h"
#include "plugins/codecs/jpeg_header.h"
#include "plugins/codecs/jpeg_ls.h"
#include "plugins/codecs/rle.h"
#include "tests/fuzz/decoder.h"

using namespace hilum;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  return 0;
}

namespace {

// With the size of the stream, which random bytes seldom hit.
template <typename Function>
void with_own_size(Function decode, dicom::PixelFormat format, const uint8_t* data, size_t size) {
  if (const auto header = codecs::read_jpeg_header(data, size)) {
    format.rows = header->rows;
    format.columns = header->columns;
    format.samples_per_pixel = header->components;
  }
  fuzz::decode_frame(decode, format, data, size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < fuzz::kFormatSize + 1) return 0;
  const dicom::PixelFormat format = fuzz::take_format(data + 1);
  const uint8_t* stream = data + 1 + fuzz::kFormatSize;
  const size_t left = size - 1 - fuzz::kFormatSize;
  switch (data[0] % 4) {
    case 0:
      fuzz::decode_frame(&codecs::decode_rle, format, stream, left);
      break;
    case 1:
      with_own_size(&codecs::decode_jpeg, format, stream, left);
      break;
    case 2:
      with_own_size(&codecs::decode_jpeg_ls, format, stream, left);
      break;
    default:
      fuzz::decode_frame(&codecs::decode_jpeg, format, stream, left);
      fuzz::decode_frame(&codecs::decode_jpeg_ls, format, stream, left);
  }
  return 0;
}
