// JPEG 2000 and HTJ2K.
#include <hilum/cpp/plugin.h>
#include <hilum/dicom/decoder.h>
#include <hilum/dicom/encoder.h>

#include "decode.h"
#include "encode.h"

namespace hilum::jpeg2000 {

class Jpeg2000 {
 public:
  static constexpr const char* kRequired[] = {HILUM_DECODERS_DRAFT, HILUM_ENCODERS_DRAFT, nullptr};

  explicit Jpeg2000(Host host) : decoders_(host), encoders_(host) {
    decoders_.add({"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.92",
                   "1.2.840.10008.1.2.4.93", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202",
                   "1.2.840.10008.1.2.4.203"},
                  &decode);
    encoders_.add({"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"}, &encode);
  }

 private:
  Decoders decoders_;
  Encoders encoders_;
};

}  // namespace hilum::jpeg2000

HILUM_PLUGIN(hilum::jpeg2000::Jpeg2000, "jpeg2000", "1.0", "Decodes and encodes JPEG 2000, decodes HTJ2K")
