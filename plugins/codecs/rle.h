// RLE Lossless (PS3.5 annex G).
#pragma once

#include <hilum/dicom/decoder.h>

namespace hilum::codecs {

void decode_rle(const StoredFrame& frame);

}  // namespace hilum::codecs
