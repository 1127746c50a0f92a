// Pictures, documents and models as the content of a data set.
#pragma once

#include <hilum/dicom/edit.h>

#include <string>
#include <string_view>

class DcmItem;

namespace hilum::modification {

// Types that become pixel data or an encapsulated document. Puts the content into the data set: pixel data with the tags that describe it, or an encapsulated document. Throws Error:
// HILUM_E_BAD_FORMAT (it is not what its type says), HILUM_E_OUT_OF_RANGE (an unknown type), HILUM_E_NOT_IMPLEMENTED (a type or a
// kind of picture that cannot be content).
bool is_picture(std::string_view media_type);
bool is_document(std::string_view media_type);
void embed(DcmItem& data_set, const dicom::DataUri& content);

// Puts a JPEG file into the data set as it is, as the one fragment of encapsulated pixel data, with the tags that describe it; the file
// is then to be written as JPEG Baseline. Throws HILUM_E_NOT_IMPLEMENTED for other types, HILUM_E_BAD_FORMAT.
void encapsulate_jpeg(DcmItem& data_set, const dicom::DataUri& content);

// A picture: gray or RGB, 8 or 16 bits, rows without gaps, little endian.
struct Picture {
  uint32_t width = 0;
  uint32_t height = 0;
  uint16_t samples = 1;  // per pixel: 1 or 3
  uint16_t bits = 8;     // per sample: 8 or 16
  std::string pixels;
};
// At most this many bytes of pixels (HILUM_E_TOO_LARGE), looked at before anything is allocated.
inline constexpr uint64_t kMostPixelBytes = uint64_t{128} << 20;

Picture decode_png(std::string_view file);
Picture decode_jpeg(std::string_view file);
Picture decode_pam(std::string_view file);
// A picture without pixels, with what the header says.
Picture read_jpeg_header(std::string_view file);

}  // namespace hilum::modification
