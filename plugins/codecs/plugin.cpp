// The codecs that DICOM has needed for thirty years: JPEG, JPEG-LS, RLE.
#include <hilum/cpp/plugin.h>
#include <hilum/dicom/decoder.h>
#include <hilum/dicom/encoder.h>

#include "jpeg.h"
#include "jpeg_encode.h"
#include "jpeg_ls.h"
#include "jpeg_ls_encode.h"
#include "rle.h"
#include "rle_encode.h"

namespace hilum::codecs {

class Codecs {
 public:
  static constexpr const char* kRequired[] = {HILUM_DECODERS_DRAFT, HILUM_ENCODERS_DRAFT, nullptr};

  explicit Codecs(Host host) : decoders_(host), encoders_(host) {
    constexpr uint32_t kBuiltIn = HILUM_DECODER_BUILT_IN;
    decoders_.add({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.53",
                   "1.2.840.10008.1.2.4.55", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"},
                  &decode_jpeg, kBuiltIn);
    decoders_.add({"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"}, &decode_jpeg_ls, kBuiltIn);
    decoders_.add({"1.2.840.10008.1.2.5"}, &decode_rle, kBuiltIn);
    add_encoders();
  }

 private:
  void add_encoders() {
    constexpr uint32_t kBuiltIn = HILUM_ENCODER_BUILT_IN;
    encoders_.add({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}, &encode_jpeg, kBuiltIn);
    encoders_.add({"1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"}, &encode_jpeg_lossless, kBuiltIn);
    encoders_.add({"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"}, &encode_jpeg_ls, kBuiltIn);
    encoders_.add({"1.2.840.10008.1.2.5"}, &encode_rle, kBuiltIn);
  }

  Decoders decoders_;
  Encoders encoders_;
};

}  // namespace hilum::codecs

HILUM_PLUGIN(hilum::codecs::Codecs, "codecs", "1.0", "Decodes and encodes JPEG, JPEG-LS and RLE")
