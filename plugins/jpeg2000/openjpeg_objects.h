// Owners of OpenJPEG's objects.
#pragma once

#include <openjpeg.h>

#include <memory>
#include <string>

namespace hilum::jpeg2000 {

struct DestroyStream {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};
struct DestroyCodec {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};
struct DestroyImage {
  void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};
using Stream = std::unique_ptr<opj_stream_t, DestroyStream>;
using Codec = std::unique_ptr<opj_codec_t, DestroyCodec>;
using Image = std::unique_ptr<opj_image_t, DestroyImage>;

// For opj_set_error_handler: the first message, without its line end, into a std::string.
inline void keep_first_message(const char* message, void* text) {
  auto& kept = *static_cast<std::string*>(text);
  if (!kept.empty()) return;
  kept = message;
  kept.erase(kept.find_last_not_of("\r\n ") + 1);
}

}  // namespace hilum::jpeg2000
