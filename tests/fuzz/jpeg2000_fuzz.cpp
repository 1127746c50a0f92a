// JPEG 2000 and HTJ2K frames, with the size that the data set gives and with their own.
#include "plugins/jpeg2000/codestream.h"
#include "plugins/jpeg2000/decode.h"
#include "tests/fuzz/decoder.h"

using namespace hilum;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < fuzz::kFormatSize) return 0;
  dicom::PixelFormat format = fuzz::take_format(data);
  const uint8_t* stream = data + fuzz::kFormatSize;
  const size_t left = size - fuzz::kFormatSize;
  fuzz::decode_frame(&jpeg2000::decode, format, stream, left);
  fuzz::accepted([&] {
    const auto header = jpeg2000::read_codestream_header(jpeg2000::find_codestream(stream, left));
    format.rows = header.rows;
    format.columns = header.columns;
    format.samples_per_pixel = header.components;
    fuzz::decode_frame(&jpeg2000::decode, format, stream, left);
  });
  return 0;
}
