// From the samples of a decoded frame to an image that can be shown and calculated with.
#pragma once

#include <hilum/dicom/pixels.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

class DcmItem;

namespace hilum::dicom {

enum class PixelKind : uint8_t { Gray8, Gray16, SignedGray16, Gray32, Rgb24, Rgb48 };

inline bool is_colour(PixelKind kind) { return kind == PixelKind::Rgb24 || kind == PixelKind::Rgb48; }
inline size_t channels(PixelKind kind) { return is_colour(kind) ? 3 : 1; }
inline size_t bytes_per_sample(PixelKind kind) {
  return kind == PixelKind::Gray32 ? 4 : kind == PixelKind::Gray8 || kind == PixelKind::Rgb24 ? 1 : 2;
}
inline size_t bytes_per_pixel(PixelKind kind) { return channels(kind) * bytes_per_sample(kind); }

// Rows follow each other without gaps, pixels are interleaved, samples little-endian.
struct WorkingImage {
  PixelKind kind = PixelKind::Gray8;
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t bits = 0;         // that a sample uses
  bool is_inverted = false;  // MONOCHROME1: small values are bright
  std::string pixels;

  size_t pixel_count() const { return size_t{width} * height; }
  size_t row_size() const { return width * bytes_per_pixel(kind); }
};

// The colours that the samples of PALETTE COLOR stand for (PS3.3 sections C.7.6.3.1.5, C.7.6.3.1.6, C.7.9).
// Immutable once read; any thread.
class Palette {
 public:
  // Tables of any length, of 8 or 16 bits, plain or segmented. Throws Error(HILUM_E_BAD_FORMAT) for what is
  // missing or contradicts itself.
  static Palette read(DcmItem& data_set);

  // 16-bit colour; samples outside of the table take its first or last entry.
  const std::array<uint16_t, 3>& colour(uint32_t sample) const {
    if (sample <= first_) return entries_.front();
    return sample - first_ < entries_.size() ? entries_[sample - first_] : entries_.back();
  }

 private:
  uint32_t first_ = 0;
  std::vector<std::array<uint16_t, 3>> entries_;  // never empty
};

// What a frame of this format becomes. Throws Error(HILUM_E_NOT_IMPLEMENTED) for layouts that are not shown.
PixelKind working_kind(const PixelFormat& format);

// Converts a frame. `palette` is needed for PALETTE COLOR only. Throws as working_kind, and
// Error(HILUM_E_BAD_FORMAT) if the frame is shorter than its format says.
//
// Samples that lie in a sample's type as they are (8 in 8 bits, any in 16, 32 in 32, not planar) are taken as
// they are and shifted down to the lowest stored bit, neither masked nor sign-extended, as clients know it.
// All others are masked to BitsStored and sign-extended.
WorkingImage working_image(DecodedFrame frame, const Palette* palette);

}  // namespace hilum::dicom
