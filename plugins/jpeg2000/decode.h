// JPEG 2000 and HTJ2K (ISO/IEC 15444-1, -2 and -15), by OpenJPEG.
#pragma once

#include <hilum/dicom/decoder.h>

namespace hilum::jpeg2000 {

void decode(const StoredFrame& frame);

}  // namespace hilum::jpeg2000
