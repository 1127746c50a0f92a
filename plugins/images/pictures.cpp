// preview, rendered, image-uint8, image-uint16, image-int16: one frame as PNG, JPEG or PAM.
#include <hilum/rest/arguments.h>

#include <algorithm>
#include <optional>
#include <string>

#include "answer_stream.h"
#include "encode.h"
#include "images.h"
#include "instance_image.h"
#include "negotiation.h"

namespace hilum::images {

namespace {

using dicom::PixelKind;
using dicom::WorkingImage;

enum class Operation { Preview, Rendered, Uint8, Uint16, Int16 };

// Rendered images are at most this wide and high.
constexpr uint64_t kMaximumSide = 16384;
constexpr int kDefaultQuality = 90;

// Other errors of a picture are 404 or 415; this one is told.
class SizeError : public Error {
 public:
  using Error::Error;
};

struct RenderOptions {
  std::optional<double> center;
  std::optional<double> width;
  uint64_t box_width = 0;
  uint64_t box_height = 0;
  bool smooth = false;
};

int quality_of(const Request& request) {
  const std::optional<std::string_view> text = request.query("quality");
  if (!text) return kDefaultQuality;
  const std::optional<int64_t> quality = rest::parse_integer(*text);
  if (!quality || *quality < 1 || *quality > 100) {
    throw Error(HILUM_E_BAD_REQUEST, "the argument \"quality\" must be a number from 1 to 100");
  }
  return static_cast<int>(*quality);
}

std::optional<double> decimal(const Request& request, const char* name) {
  const std::optional<std::string_view> text = request.query(name);
  if (!text) return std::nullopt;
  const std::optional<double> value = dicom::parse_decimal(*text);
  if (!value)
    throw Error(HILUM_E_OUT_OF_RANGE, std::string("the argument \"") + name + "\" must be a number");
  return value;
}

uint64_t side(const Request& request, const char* name) {
  const std::optional<std::string_view> text = request.query(name);
  if (!text) return 0;
  const std::optional<int64_t> value = rest::parse_integer(*text);
  if (!value || *value < 0 || *value > INT32_MAX) {
    throw Error(HILUM_E_OUT_OF_RANGE,
                std::string("the argument \"") + name + "\" must be a number of pixels");
  }
  return static_cast<uint64_t>(*value);
}

bool boolean(const Request& request, const char* name) {
  const std::optional<std::string_view> text = request.query(name);
  if (!text || *text == "0" || *text == "false") return false;
  if (*text == "1" || *text == "true") return true;
  throw Error(HILUM_E_BAD_REQUEST, std::string("the argument \"") + name + "\" must be true or false");
}

RenderOptions render_options(const Request& request) {
  RenderOptions options;
  options.center = decimal(request, "window-center");
  options.width = decimal(request, "window-width");
  options.box_width = side(request, "width");
  options.box_height = side(request, "height");
  options.smooth = boolean(request, "smooth");
  return options;
}

dicom::ImageSize target_size(const dicom::PixelFormat& format, const RenderOptions& options) {
  const auto [width, height] =
      dicom::fitted({format.columns, format.rows}, options.box_width, options.box_height);
  const bool is_original = width == format.columns && height == format.rows;
  if (!is_original && std::max(width, height) > kMaximumSide) {
    throw SizeError(HILUM_E_BAD_REQUEST, "rendered images are at most " + std::to_string(kMaximumSide) +
                                             " pixels wide and high; this would be " + std::to_string(width) +
                                             " x " + std::to_string(height));
  }
  if (width == 0 || height == 0) throw Error(HILUM_E_BAD_REQUEST, "a side would have no pixels");
  return {static_cast<uint32_t>(width), static_cast<uint32_t>(height)};
}

WorkingImage rendered(InstanceImage& source, uint64_t frame, const RenderOptions& options,
                      const dicom::ImageSize& target) {
  WorkingImage image = source.frame(frame);
  dicom::Window window = dicom::window_of(source.data_set(), frame);
  window.center = options.center.value_or(window.center);
  window.width = options.width.value_or(window.width);
  image = dicom::windowed(std::move(image), dicom::rescale_of(source.data_set(), frame), window);
  if (options.smooth && (target.width < image.width || target.height < image.height)) dicom::smooth(image);
  return image;
}

WorkingImage converted(Operation operation, WorkingImage image) {
  switch (operation) {
    case Operation::Uint8:
      return dicom::clamped(std::move(image), PixelKind::Gray8);
    case Operation::Uint16:
      return dicom::clamped(std::move(image), PixelKind::Gray16);
    case Operation::Int16:
      return dicom::clamped(std::move(image), PixelKind::SignedGray16);
    case Operation::Preview:
    case Operation::Rendered:
      break;
  }
  return dicom::preview(std::move(image));
}

void encode(const ImageCall& call, const WorkingImage& image, const dicom::ImageSize& size,
            PictureFormat format, int quality, GatheredAnswer& answer) {
  dicom::RowScaler rows(image, size);
  const Output output = [&](std::string_view piece) { answer.write(piece); };
  switch (format) {
    case PictureFormat::Png:
      write_png(rows, image.kind, call.context.png_level, output);
      break;
    case PictureFormat::Jpeg:
      write_jpeg(rows, image.kind, quality, output);
      break;
    case PictureFormat::Pam:
      write_pam(rows, image.kind, output);
      break;
  }
}

void make_picture(ImageCall& call, Operation operation) {
  const Request& request = call.request;
  const std::optional<uint64_t> frame = frame_number(call.frame_text());
  if (!frame) throw Error(HILUM_E_OUT_OF_RANGE, "the number of a frame is expected");
  Snapshot snapshot = call.context.services.index.snapshot();
  Resource instance = rest::require(snapshot, call.id(), HILUM_INSTANCE);
  const int quality = quality_of(request);
  const std::optional<PictureFormat> format = negotiate(request.header("accept").value_or("*/*"));
  const bool is_wide = operation == Operation::Uint16 || operation == Operation::Int16;
  RenderOptions options;
  if (operation == Operation::Rendered) options = render_options(request);

  GatheredAnswer answer(call.answer, format ? media_type(*format) : "", call.context.spool_memory,
                        call.context.services.temporary_directory);
  {
    const Slots::Holder slot(call.context.slots);
    InstanceImage source(
        call.context, instance,
        operation == Operation::Rendered ? InstanceImage::Need::Values : InstanceImage::Need::Pixels);
    const uint64_t count = source.frames().count();
    if (count > 0 && *frame >= count) throw Error(HILUM_E_OUT_OF_RANGE, "there is no such frame");
    const dicom::ImageSize size = target_size(source.frames().format(), options);
    WorkingImage image = operation == Operation::Rendered ? rendered(source, *frame, options, size)
                                                          : converted(operation, source.frame(*frame));
    if (!format || (is_wide && *format == PictureFormat::Jpeg)) return;  // 404 with an empty body
    encode(call, image, operation == Operation::Rendered ? size : dicom::ImageSize{image.width, image.height},
           *format, quality, answer);
  }
  answer.finish();
}

// Clients that show pictures want one in any case.
void answer_unsupported(ImageCall& call) {
  if (!call.request.has_query("returnUnsupportedImage")) return call.answer.bare(415);
  const std::string_view path = call.request.path();
  std::string location;
  for (auto i = std::count(path.begin(), path.end(), '/'); i > 1; --i) location += "../";
  call.answer.header("Location", location + "app/images/unsupported.png");
  call.answer.bare(307);
}

void answer_picture(ImageCall& call, Operation operation) {
  try {
    make_picture(call, operation);
  } catch (const SizeError&) {
    throw;
  } catch (const Error& error) {
    switch (error.code()) {
      case HILUM_E_OUT_OF_RANGE:
      case HILUM_E_UNKNOWN_RESOURCE:
        return;  // 404 with an empty body
      case HILUM_E_INTERNAL:
      case HILUM_E_NETWORK:
      case HILUM_E_SYSTEM:
      case HILUM_E_DATABASE:
      case HILUM_E_NO_MEMORY:
      case HILUM_E_CORRUPTED:
      case HILUM_E_BUSY:
        throw;  // not the image's fault
      default:
        answer_unsupported(call);
    }
  }
}

}  // namespace

void get_preview(ImageCall& call) { answer_picture(call, Operation::Preview); }
void get_rendered(ImageCall& call) { answer_picture(call, Operation::Rendered); }
void get_uint8(ImageCall& call) { answer_picture(call, Operation::Uint8); }
void get_uint16(ImageCall& call) { answer_picture(call, Operation::Uint16); }
void get_int16(ImageCall& call) { answer_picture(call, Operation::Int16); }

}  // namespace hilum::images
