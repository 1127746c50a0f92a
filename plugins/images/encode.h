// Image files, written row by row.
#pragma once

#include <hilum/dicom/rendering.h>

#include <functional>
#include <string_view>

namespace hilum::images {

// Takes the bytes of the file as they come.
using Output = std::function<void(std::string_view)>;

// The level of libpng's defaults: the same bytes as libpng makes by itself.
inline constexpr int kPngDefaultLevel = 6;
// The level that is made for speed: one filter, and ISA-L's deflate.
inline constexpr int kPngFastLevel = 1;

// All three take Gray8, Gray16, SignedGray16 (as its two's complement) and Rgb24; JPEG takes 8 bits only, and throws
// HILUM_E_NOT_IMPLEMENTED for sides over 65500. What `output` throws comes out.
void write_png(dicom::RowScaler& rows, dicom::PixelKind kind, int level, const Output& output);
void write_jpeg(dicom::RowScaler& rows, dicom::PixelKind kind, int quality, const Output& output);
// What write_png does at kPngFastLevel: without libpng, whose compressor cannot be chosen.
void write_fast_png(dicom::RowScaler& rows, dicom::PixelKind kind, const Output& output);
// Netpbm's PAM.
void write_pam(dicom::RowScaler& rows, dicom::PixelKind kind, const Output& output);

}  // namespace hilum::images
