// JPEG: baseline and extended (lossy), lossless (ITU-T T.81), by DCMTK's three builds of the IJG library.
#pragma once

#include <hilum/dicom/encoder.h>

namespace hilum::codecs {

// 1.2.840.10008.1.2.4.50 and .51.
void encode_jpeg(const RawFrame& frame);
// 1.2.840.10008.1.2.4.57 and .70.
void encode_jpeg_lossless(const RawFrame& frame);

}  // namespace hilum::codecs
