// Frames to JPEG, JPEG-LS and RLE, and back: lossless ones come back as they were.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/oflog.h>

#include <cstring>

#include "plugins/codecs/jpeg.h"
#include "plugins/codecs/jpeg_encode.h"
#include "plugins/codecs/jpeg_ls.h"
#include "plugins/codecs/jpeg_ls_encode.h"
#include "plugins/codecs/rle.h"
#include "plugins/codecs/rle_encode.h"
#include "tests/fuzz/decoder.h"
#include "tests/fuzz/encoder.h"

using namespace hilum;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  struct Way {
    const char* transfer_syntax;
    void (*encode)(const RawFrame&);
    void (*decode)(const StoredFrame&);
    bool is_lossless;
  };
  static constexpr Way kWays[] = {
      {"1.2.840.10008.1.2.5", &codecs::encode_rle, &codecs::decode_rle, true},
      {"1.2.840.10008.1.2.4.70", &codecs::encode_jpeg_lossless, &codecs::decode_jpeg, true},
      {"1.2.840.10008.1.2.4.57", &codecs::encode_jpeg_lossless, &codecs::decode_jpeg, true},
      {"1.2.840.10008.1.2.4.80", &codecs::encode_jpeg_ls, &codecs::decode_jpeg_ls, true},
      {"1.2.840.10008.1.2.4.81", &codecs::encode_jpeg_ls, &codecs::decode_jpeg_ls, false},
      {"1.2.840.10008.1.2.4.50", &codecs::encode_jpeg, &codecs::decode_jpeg, false},
      {"1.2.840.10008.1.2.4.51", &codecs::encode_jpeg, &codecs::decode_jpeg, false},
  };
  if (size < 1 + fuzz::kFormatSize) return 0;
  const Way& way = kWays[data[0] % std::size(kWays)];
  const dicom::PixelFormat format = fuzz::take_format(data + 1);
  fuzz::encode_frame(way.transfer_syntax, way.encode, way.decode, way.is_lossless, format,
                     data + 1 + fuzz::kFormatSize, size - 1 - fuzz::kFormatSize);
  return 0;
}
