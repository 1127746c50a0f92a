// The members `Transcode` and `LossyQuality` of requests.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/dicom/frame_codecs.h>
#include <hilum/dicom/transcode.h>
#include <json/json.h>

#include <string>

namespace hilum::modification {

struct Transcoding {
  std::string syntax;  // UID; empty: none
  int lossy_quality = 90;
};

// Throws HILUM_E_BAD_FORMAT for wrong types, HILUM_E_OUT_OF_RANGE for a quality that is none, and `unknown_code` for a transfer syntax
// that nobody knows.
Transcoding read_transcoding(const Json::Value& body, int default_quality, int32_t unknown_code);

// Writes a modified file in another transfer syntax. Throws what Transcoder throws. Any thread.
class FileTranscoder {
 public:
  explicit FileTranscoder(Host host) : codecs_(host) {}

  void transcode(const dicom::ByteSource& file, const Transcoding& transcoding, bool keep_sop_instance_uid,
                 dicom::FileOutput& out) const {
    dicom::TranscodeOptions options;
    options.lossy_quality = transcoding.lossy_quality;
    options.keep_sop_instance_uid = keep_sop_instance_uid;
    (void)dicom::Transcoder(codecs_).transcode(file, transcoding.syntax, options, out);
  }

 private:
  HostFrameCodecs codecs_;
};

}  // namespace hilum::modification
