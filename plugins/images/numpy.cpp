// Frames as arrays of NumPy: one, all of an instance, all of a series. One frame at a time is in memory.
#include <hilum/rest/arguments.h>

#include <optional>

#include "images.h"
#include "instance_image.h"
#include "npy.h"
#include "slice_order.h"
#include "spool.h"

namespace hilum::images {

namespace {

using dicom::PixelKind;

struct NumpyOptions {
  bool compress = false;
  bool rescale = true;
};

NumpyOptions numpy_options(const Request& request) {
  return {rest::flag(request, "compress"), rest::flag(request, "rescale", true)};
}

// What all frames of one array share.
struct ArrayFormat {
  uint32_t width = 0;
  uint32_t height = 0;
  PixelKind kind = PixelKind::Gray8;
};

void check_same(const ArrayFormat& first, const ArrayFormat& other) {
  if (first.width != other.width || first.height != other.height) {
    throw Error(HILUM_E_IMAGE_SIZE, "the frames of one array must have one size; there are " +
                                        std::to_string(first.width) + " x " + std::to_string(first.height) +
                                        " and " + std::to_string(other.width) + " x " +
                                        std::to_string(other.height));
  }
  if (first.kind != other.kind) {
    throw Error(HILUM_E_IMAGE_FORMAT, "the frames of one array must have one pixel format");
  }
}

// What the frames of an image will be, without decoding one. A decoder may turn colours into RGB.
std::optional<ArrayFormat> announced(dicom::FrameReader& frames) {
  dicom::PixelFormat format = frames.format();
  if (!frames.is_native() && format.samples_per_pixel == 3) format.photometric = "RGB";
  try {
    return ArrayFormat{format.columns, format.rows, dicom::working_kind(format)};
  } catch (const Error&) {
    return std::nullopt;  // decoding will tell
  }
}

// Writes frames one after the other; the first one says what the array is.
class ArrayWriter {
 public:
  ArrayWriter(ImageCall& call, const NumpyOptions& options, std::vector<uint64_t> leading_shape)
      : call_(call), options_(options), shape_(std::move(leading_shape)) {}

  void add(InstanceImage& source, uint64_t frame) {
    Spool spool(call_.context.spool_memory, call_.context.services.temporary_directory);
    {
      const Slots::Holder slot(call_.context.slots);
      dicom::WorkingImage image = source.frame(frame);
      const ArrayFormat format{image.width, image.height, image.kind};
      if (!answer_) begin(format);
      check_same(format_, format);
      if (is_rescaled()) {
        spool.append(dicom::rescaled(image, dicom::rescale_of(source.data_set(), frame)));
      } else {
        spool.append(image.pixels);
      }
    }  // pixels and slot are given back before the client is waited for
    spool.send([this](std::string_view piece) { answer_->write(piece); });
  }
  void finish() {
    if (!answer_) throw Error(HILUM_E_BAD_FORMAT, "there are no frames");
    answer_->finish();
  }

 private:
  bool is_rescaled() const { return options_.rescale && !dicom::is_colour(format_.kind); }

  const char* dtype() const {
    if (is_rescaled()) return "<f4";
    switch (format_.kind) {
      case PixelKind::Gray8:
      case PixelKind::Rgb24:
        return "<u1";
      case PixelKind::SignedGray16:
        return "<i2";
      case PixelKind::Gray32:
        return "<u4";
      case PixelKind::Gray16:
      case PixelKind::Rgb48:
        break;
    }
    return "<u2";
  }

  void begin(const ArrayFormat& format) {
    format_ = format;
    shape_.insert(shape_.end(), {format.height, format.width, dicom::channels(format.kind)});
    const std::string header = npy_header(dtype(), shape_);
    uint64_t size = is_rescaled() ? sizeof(float) : dicom::bytes_per_sample(format.kind);
    for (const uint64_t side : shape_) {
      if (__builtin_mul_overflow(size, side, &size))
        throw Error(HILUM_E_IMAGE_SIZE, "the array is too large");
    }
    answer_.emplace(call_.answer, header.size() + size, options_.compress);
    answer_->write(header);
  }

  ImageCall& call_;
  NumpyOptions options_;
  std::vector<uint64_t> shape_;
  ArrayFormat format_;
  std::optional<NpyAnswer> answer_;
};

// Throws now, and not in the middle of the answer, if the data do not hold that many frames.
void check_data(dicom::FrameReader& frames, uint64_t count) {
  if (count > 0) (void)frames.pieces(count - 1);
}

}  // namespace

void get_frame_numpy(ImageCall& call) {
  const std::optional<uint64_t> frame = frame_number(rest::strip(call.frame_text()));
  if (!frame) throw Error(HILUM_E_OUT_OF_RANGE, "the number of a frame is expected");
  const NumpyOptions options = numpy_options(call.request);
  Snapshot snapshot = call.context.services.index.snapshot();
  Resource instance = rest::require(snapshot, call.id(), HILUM_INSTANCE);
  InstanceImage image(call.context, instance, InstanceImage::Need::Values);
  ArrayWriter writer(call, options, {});
  writer.add(image, *frame);
  writer.finish();
}

void get_instance_numpy(ImageCall& call) {
  Snapshot snapshot = call.context.services.index.snapshot();
  const NumpyOptions options = numpy_options(call.request);
  Resource instance = rest::require(snapshot, call.id(), HILUM_INSTANCE);
  InstanceImage image(call.context, instance, InstanceImage::Need::Values);
  const uint64_t count = image.frames().count();
  check_data(image.frames(), count);
  ArrayWriter writer(call, options, {count});
  for (uint64_t frame = 0; frame < count; ++frame) writer.add(image, frame);
  writer.finish();
}

void get_series_numpy(ImageCall& call) {
  Snapshot snapshot = call.context.services.index.snapshot();
  const NumpyOptions options = numpy_options(call.request);
  Resource series = rest::require(snapshot, call.id(), HILUM_SERIES);
  const std::vector<Slice> slices = slice_order(snapshot, series).slices;
  uint64_t count = 0;
  std::optional<ArrayFormat> first;
  for (const Slice& slice : slices) {
    InstanceImage image(call.context, rest::require(snapshot, slice.instance, HILUM_INSTANCE));
    count += image.frames().count();
    check_data(image.frames(), image.frames().count());
    const std::optional<ArrayFormat> format = announced(image.frames());
    if (!format) continue;
    if (!first) first = format;
    check_same(*first, *format);
  }
  ArrayWriter writer(call, options, {count});
  for (const Slice& slice : slices) {
    InstanceImage image(call.context, rest::require(snapshot, slice.instance, HILUM_INSTANCE),
                        InstanceImage::Need::Values);
    for (uint64_t frame = 0; frame < image.frames().count(); ++frame) writer.add(image, frame);
  }
  writer.finish();
}

}  // namespace hilum::images
