#include "transcoding.h"

#include <hilum/cpp/error.h>

#include "rules.h"

namespace hilum::modification {

Transcoding read_transcoding(const Json::Value& body, int default_quality, int32_t unknown_code) {
  Transcoding transcoding;
  transcoding.syntax = string_field(body, "Transcode", "");
  transcoding.lossy_quality = default_quality;
  if (body.isMember("Transcode") && !dicom::is_registered_transfer_syntax(transcoding.syntax)) {
    const char* what =
        unknown_code == HILUM_E_BAD_FORMAT ? "Unknown transfer syntax UID: " : "Unknown transfer syntax: ";
    throw Error(unknown_code, what + transcoding.syntax.substr(0, 64));
  }
  if (body.isMember("LossyQuality")) {
    const Json::Value& quality = body["LossyQuality"];
    if (!quality.isInt()) throw Error(HILUM_E_BAD_FORMAT, "Integer value expected in field: LossyQuality");
    if (quality.asInt() < 1 || quality.asInt() > 100) {
      throw Error(HILUM_E_OUT_OF_RANGE, "LossyQuality must be between 1 and 100");
    }
    transcoding.lossy_quality = quality.asInt();
  }
  return transcoding;
}

}  // namespace hilum::modification
