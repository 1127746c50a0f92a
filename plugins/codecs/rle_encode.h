// RLE Lossless (PS3.5 annex G): PackBits of byte planes.
#pragma once

#include <hilum/dicom/encoder.h>

namespace hilum::codecs {

void encode_rle(const RawFrame& frame);

}  // namespace hilum::codecs
