// The decoders that plugins offer.
#pragma once

#include <hilum/draft/decoder.h>

#include "core/plugins/codec_registry.h"

namespace hilum::plugins {

struct Decoder : CodecEntry {
  int32_t (*decode)(void* context, const hilum_stored_frame* frame, hilum_pixel_target target) = nullptr;
};

using DecoderRegistry = CodecRegistry<Decoder>;

}  // namespace hilum::plugins
