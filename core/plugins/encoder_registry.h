// The encoders that plugins offer.
#pragma once

#include <hilum/draft/encoder.h>

#include "core/plugins/codec_registry.h"

namespace hilum::plugins {

struct Encoder : CodecEntry {
  int32_t (*encode)(void* context, const hilum_raw_frame* frame, hilum_frame_format* stored,
                    hilum_sink to) = nullptr;
};

using EncoderRegistry = CodecRegistry<Encoder>;

}  // namespace hilum::plugins
