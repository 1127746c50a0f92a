// JPEG-LS, lossless and near-lossless (ITU-T T.87), by DCMTK.
#pragma once

#include <hilum/dicom/decoder.h>

namespace hilum::codecs {

void decode_jpeg_ls(const StoredFrame& frame);

}  // namespace hilum::codecs
