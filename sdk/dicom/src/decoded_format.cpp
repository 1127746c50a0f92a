#include <hilum/cpp/error.h>
#include <hilum/dicom/decoded_format.h>

#include <string>

namespace hilum::dicom {
namespace {

std::string size_text(uint32_t columns, uint32_t rows, uint32_t samples) {
  return std::to_string(columns) + "x" + std::to_string(rows) + "x" + std::to_string(samples) + " samples";
}

}  // namespace

PixelFormat decoded_format(const PixelFormat& stored, const StreamFormat& stream) {
  if (stream.rows != stored.rows || stream.columns != stored.columns ||
      stream.components != stored.samples_per_pixel) {
    throw Error(HILUM_E_BAD_FORMAT, "the frame holds " +
                                        size_text(stream.columns, stream.rows, stream.components) +
                                        ", the data set announces " +
                                        size_text(stored.columns, stored.rows, stored.samples_per_pixel));
  }
  if (stream.precision < 1 || stream.precision > 16) {
    throw Error(HILUM_E_BAD_FORMAT,
                "samples of " + std::to_string(stream.precision) + " bits; 1 to 16 are decoded");
  }
  PixelFormat decoded = stored;
  const uint32_t allocated = stream.precision <= 8 ? 8 : 16;
  if (decoded.bits_allocated != allocated) {
    decoded.bits_allocated = allocated;
    if (decoded.bits_stored > allocated || decoded.bits_stored < stream.precision) {
      decoded.bits_stored = stream.precision;
    }
    decoded.high_bit = decoded.bits_stored - 1;
  }
  decoded.is_planar = false;
  if (decoded.is_subsampled()) decoded.photometric = "YBR_FULL";
  return decoded;
}

}  // namespace hilum::dicom
