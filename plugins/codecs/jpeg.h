// JPEG: baseline, extended, progressive, lossless (ITU-T T.81), by DCMTK's three builds of the IJG library.
#pragma once

#include <hilum/dicom/decoder.h>

namespace hilum::codecs {

void decode_jpeg(const StoredFrame& frame);

}  // namespace hilum::codecs
