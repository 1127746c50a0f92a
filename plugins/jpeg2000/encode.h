// One frame into a JPEG 2000 codestream.
#pragma once

#include <hilum/dicom/encoder.h>

namespace hilum::jpeg2000 {

// 1.2.840.10008.1.2.4.90 (reversible) and .91 (irreversible).
void encode(const RawFrame& frame);

}  // namespace hilum::jpeg2000
