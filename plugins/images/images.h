// What every handler of this plugin is given, and all handlers.
#pragma once

#include <hilum/dicom/decoder.h>
#include <hilum/rest/call.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "image_cache.h"
#include "slots.h"
#include "spool.h"

namespace hilum::images {

// Made once by the plugin, then only read (slots, memory and cache guard themselves): any thread.
struct Context {
  explicit Context(Host host);

  rest::Services services;
  Decoders decoders;
  mutable Slots slots;
  mutable SpoolMemory spool_memory;
  mutable ImageCache cache;
  int png_level;  // PngCompressionLevel
};

// One request. Lives on the stack of the worker thread that runs the handler.
struct ImageCall {
  const Context& context;
  Request& request;
  Answer& answer;

  std::string_view id() const { return request.parameter("id"); }
  // {frame} of the path as it stands there; the routes without it mean the first.
  std::string_view frame_text() const {
    const std::string_view text = request.parameter("frame");
    return text.empty() ? "0" : text;
  }
};

// NumberOfFrames is only a number: nobody has more frames, and longer lists would but fill the client's memory. Throws
// HILUM_E_BAD_FORMAT.
inline void check_listed_frames(uint64_t count) {
  constexpr uint64_t kMaximum = 1u << 20;
  if (count > kMaximum) throw Error(HILUM_E_BAD_FORMAT, std::to_string(count) + " frames are not listed");
}

using Handler = void (*)(ImageCall&);

void get_preview(ImageCall& call);
void get_rendered(ImageCall& call);
void get_uint8(ImageCall& call);
void get_uint16(ImageCall& call);
void get_int16(ImageCall& call);

void list_frames(ImageCall& call);
void list_operations(ImageCall& call);
void get_raw(ImageCall& call);
void get_raw_gz(ImageCall& call);
void get_matlab(ImageCall& call);
void get_frame_numpy(ImageCall& call);
void get_instance_numpy(ImageCall& call);
void get_series_numpy(ImageCall& call);
void get_pdf(ImageCall& call);
void get_ordered_slices(ImageCall& call);

}  // namespace hilum::images
