// The codecs of the host's plugins, for transcoding.
#pragma once

#include <hilum/dicom/decoder.h>
#include <hilum/dicom/encoder.h>
#include <hilum/dicom/transcode.h>

namespace hilum {

// Asks hilum.decoders/draft and hilum.encoders/draft, both of which the plugin has to require. A member of the
// plugin's class. Any thread.
class HostFrameCodecs : public dicom::FrameCodecs {
 public:
  explicit HostFrameCodecs(Host host) : decoders_(host), encoders_(host) {}

  bool can_decode(std::string_view transfer_syntax) const override {
    return decoders_.can_decode(transfer_syntax);
  }
  bool can_encode(std::string_view transfer_syntax) const override {
    return encoders_.can_encode(transfer_syntax);
  }
  dicom::DecodedFrame decode(std::string_view transfer_syntax, const dicom::PixelFormat& format,
                             std::string_view stored) const override {
    return decoders_.decode(transfer_syntax, format, stored);
  }
  dicom::EncodedFrame encode(std::string_view transfer_syntax, const dicom::DecodedFrame& frame,
                             int lossy_quality) const override {
    return encoders_.encode(transfer_syntax, frame, lossy_quality);
  }

 private:
  Decoders decoders_;
  Encoders encoders_;
};

}  // namespace hilum
