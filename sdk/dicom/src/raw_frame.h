// Native frames in the one form that encoders take: interleaved, full chroma, whole bytes.
#pragma once

#include <hilum/dicom/pixels.h>

#include <string>

namespace hilum::dicom {

// Throws Error: HILUM_E_NOT_IMPLEMENTED (1, 24 or 64 bits; more than 4 samples), HILUM_E_BAD_FORMAT (too few bytes).
DecodedFrame interleaved_frame(DecodedFrame frame);

// Writes what a frame is into the image pixel module, as far as it differs.
void describe_pixels(DcmItem& data_set, const PixelFormat& format);

}  // namespace hilum::dicom
