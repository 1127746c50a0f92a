// From a DICOM file to what is shown of it.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/oflog.h>
#include <hilum/dicom/frames.h>
#include <hilum/dicom/image_header.h>
#include <hilum/dicom/rendering.h>

#include <optional>

#include "tests/fuzz/fuzz.h"

using namespace hilum;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  return 0;
}

namespace {

// Larger frames only cost time here.
constexpr uint64_t kLargestFrame = 4u << 20;

std::optional<dicom::PixelFormat> format_of(const dicom::ParsedInstance& header) {
  std::optional<dicom::PixelFormat> format;
  fuzz::accepted([&] { format = dicom::pixel_format(header.data_set()); });
  return format;
}

void compare(const dicom::ParsedInstance& whole, const dicom::ParsedInstance& part) {
  const auto left = format_of(whole);
  const auto right = format_of(part);
  fuzz::require(left.has_value() == right.has_value(), "both headers have an image, or none");
  fuzz::require(!left || (left->frame_size() == right->frame_size() && left->frames == right->frames &&
                          left->photometric == right->photometric),
                "both headers have the same image");
  fuzz::require(
      whole.has_pixel_data == part.has_pixel_data && whole.pixel_data_offset == part.pixel_data_offset,
      "pixel data lie where they lie");
}

void show(const dicom::WorkingImage& image, DcmItem& data_set) {
  const size_t samples = image.pixel_count() * dicom::channels(image.kind);
  fuzz::require(image.pixels.size() == image.pixel_count() * dicom::bytes_per_pixel(image.kind),
                "no pixel is missing");
  fuzz::require(dicom::preview(image).pixels.size() == samples, "a preview has all pixels");
  dicom::WorkingImage shown =
      dicom::windowed(image, dicom::rescale_of(data_set, 0), dicom::window_of(data_set, 0));
  fuzz::require(shown.pixels.size() == samples, "a rendered image has all pixels");
  fuzz::require(dicom::rescaled(image, dicom::rescale_of(data_set, 0)).size() == 4 * samples,
                "no number is missing");
  if (image.pixel_count() == 0) return;
  dicom::smooth(shown);
  dicom::RowScaler rows(shown, {shown.width / 3 + 1, 7});
  for (uint32_t y = 0; y < 7; ++y) fuzz::require(rows.row(y) != nullptr, "all rows are there");
}

void read_image(const uint8_t* data, size_t size, const dicom::ParsedInstance& header) {
  dicom::FrameReader frames(dicom::ByteSource(data, size), header);
  if (!frames.is_native() || frames.format().frame_size() > kLargestFrame) return;
  std::optional<dicom::Palette> palette;
  fuzz::accepted([&] { palette = dicom::Palette::read(header.data_set()); });
  show(dicom::working_image({frames.format(), frames.frame(0)}, palette ? &*palette : nullptr),
       header.data_set());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::accepted([&] {
    const dicom::ParsedInstance whole = dicom::parse_file(data, size);
    const dicom::ParsedInstance part = dicom::parse_image_header(dicom::ByteSource(data, size), {true});
    compare(whole, part);
    read_image(data, size, part);
  });
  return 0;
}
