#include <string>
#include <utility>

#include "encode.h"

namespace hilum::images {

void write_pam(dicom::RowScaler& rows, dicom::PixelKind kind, const Output& output) {
  const dicom::ImageSize size = rows.size();
  const bool wide = dicom::bytes_per_sample(kind) == 2;
  const bool colour = dicom::is_colour(kind);
  output("P7\nWIDTH " + std::to_string(size.width) + "\nHEIGHT " + std::to_string(size.height) + "\nDEPTH " +
         (colour ? "3" : "1") + "\nMAXVAL " + (wide ? "65535" : "255") + "\nTUPLTYPE " +
         (colour ? "RGB" : "GRAYSCALE") + "\nENDHDR\n");
  const size_t bytes = size.width * dicom::bytes_per_pixel(kind);
  std::string swapped;
  for (uint32_t y = 0; y < size.height; ++y) {
    const char* row = rows.row(y);
    if (wide) {  // the most significant byte first
      swapped.assign(row, bytes);
      for (size_t i = 0; i + 1 < bytes; i += 2) std::swap(swapped[i], swapped[i + 1]);
      row = swapped.data();
    }
    output({row, bytes});
  }
}

}  // namespace hilum::images
