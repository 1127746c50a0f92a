// From a working image to what is shown: previews, windows, other sizes. Pure functions; any thread.
//
// All arithmetic on samples is in 32-bit floats without fused operations, in the order that the formulae have:
// clients compare pixels.
#pragma once

#include <hilum/dicom/working_image.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

class DcmItem;

namespace hilum::dicom {

// Modality LUT: value = slope * sample + intercept.
struct Rescale {
  double slope = 1;
  double intercept = 0;
};

// Values that are shown, in rescaled units.
struct Window {
  double center = 0;
  double width = 0;
};

// RescaleSlope and RescaleIntercept of the data set (both needed), else of the frame's item of
// PerFrameFunctionalGroupsSequence, else 1 and 0; 1 and 0 for RT Dose, too.
Rescale rescale_of(DcmItem& data_set, uint64_t frame);

// WindowCenter and WindowWidth of the data set, the first of each (both needed), else of the frame's item of
// PerFrameFunctionalGroupsSequence, else all of 2^BitsStored.
Window window_of(DcmItem& data_set, uint64_t frame);

// A decimal string as a finite number, padding ignored.
std::optional<double> parse_decimal(std::string_view text);

// 8 bits per sample (Gray8 or Rgb24): the values from the smallest to the largest, spread over 0..255 and rounded;
// all 0 if there is but one. Colour stays, 16-bit colour loses its low byte. `is_inverted` stays: invert when writing.
WorkingImage preview(WorkingImage image);

// 8 bits per sample: the window spread over 0..255, cut, and rounded down. Colour as in preview.
WorkingImage windowed(WorkingImage image, const Rescale& rescale, const Window& window);

// Gray values cut to the range of `kind` (Gray8, Gray16 or SignedGray16). Throws Error(HILUM_E_NOT_IMPLEMENTED) for
// colour.
WorkingImage clamped(WorkingImage image, PixelKind kind);

struct ImageSize {
  uint32_t width = 0;
  uint32_t height = 0;
};

// The largest size with the same aspect that fits into a box of width x height; 0: no bound on that side (both 0: the
// size itself). 64-bit: what comes out may be larger than can be made.
std::pair<uint64_t, uint64_t> fitted(ImageSize size, uint64_t width, uint64_t height);

// Blurs an 8-bit image by the binomial kernel 1 4 6 4 1 in both directions, each channel by itself.
void smooth(WorkingImage& image);

// The rows of an 8-bit or 16-bit image at another size (nearest neighbour), inverted if the image is. Borrows the
// image.
class RowScaler {
 public:
  RowScaler(const WorkingImage& image, ImageSize size);

  ImageSize size() const { return size_; }
  // Bytes of one row; valid until the next call.
  const char* row(uint32_t y);

 private:
  const WorkingImage& image_;
  ImageSize size_;
  bool same_width_;
  std::vector<uint32_t> columns_;  // of the image, for each column of the result
  std::string row_;
  uint32_t row_number_ = UINT32_MAX;  // of the image, that row_ was made of
};

// slope * sample + intercept of all samples as 32-bit floats.
std::string rescaled(const WorkingImage& image, const Rescale& rescale);

// One sample as a number.
int64_t sample_value(const WorkingImage& image, size_t index);

}  // namespace hilum::dicom
