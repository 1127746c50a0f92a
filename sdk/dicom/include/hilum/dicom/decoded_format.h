// From the format that a data set announces, and what a compressed stream holds, to the format of the decoded frame.
#pragma once

#include <hilum/dicom/pixels.h>

#include <cstdint>

namespace hilum::dicom {

// What a compressed stream says about the image in it.
struct StreamFormat {
  uint32_t rows = 0;
  uint32_t columns = 0;
  uint32_t components = 0;
  uint32_t precision = 0;  // bits of a sample
};

// The stream decides how many bits there are, and the data set what they mean as far as that is possible: samples of
// 8 bits that the data set puts into 16 lie in 8 (as DCMTK delivers them). Interleaved, full chroma. Throws
// Error(HILUM_E_BAD_FORMAT) if the stream has another size or other components than the data set, or samples of
// other than 1 to 16 bits: nothing is allocated for such a frame.
PixelFormat decoded_format(const PixelFormat& stored, const StreamFormat& stream);

}  // namespace hilum::dicom
