// JPEG-LS (ITU-T T.87), lossless and near-lossless.
#pragma once

#include <hilum/dicom/encoder.h>

namespace hilum::codecs {

// 1.2.840.10008.1.2.4.80 and .81.
void encode_jpeg_ls(const RawFrame& frame);

}  // namespace hilum::codecs
