#include "instance_image.h"

#include <hilum/rest/arguments.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace hilum::images {

namespace {

void check_size(const dicom::PixelFormat& format) {
  if (format.frame_size() > kMaximumFrame) {
    throw Error(HILUM_E_NOT_IMPLEMENTED, "a frame has " + std::to_string(format.frame_size()) +
                                             " bytes; frames up to " + std::to_string(kMaximumFrame) +
                                             " bytes are decoded");
  }
  // What is made of the frame has up to four bytes for each sample, whatever the frame itself takes: one-bit pixels, or
  // runs that a codec keeps in a few bytes.
  const uint64_t channels =
      format.photometric == "PALETTE COLOR" ? 3 : std::max(format.samples_per_pixel, 1u);
  const uint64_t samples = uint64_t{format.rows} * format.columns * channels;
  if (samples > kMaximumSamples) {
    throw Error(HILUM_E_NOT_IMPLEMENTED, "a frame has " + std::to_string(samples) +
                                             " samples; frames up to " + std::to_string(kMaximumSamples) +
                                             " samples are decoded");
  }
  if (format.rows == 0 || format.columns == 0) throw Error(HILUM_E_BAD_FORMAT, "the image has no pixels");
}

}  // namespace

InstanceImage::InstanceImage(const Context& context, const Resource& instance, Need need)
    : context_(context),
      file_(context.services, instance),
      uuid_(to_view(file_.blob().info().uuid)),
      facts_(context.cache.take(uuid_)),
      exceptions_(std::uncaught_exceptions()) {
  const bool with_values = need == Need::Values;
  if (!facts_ || (with_values && !facts_->has_values)) {
    facts_ = std::make_unique<ImageFacts>(file_.parse_image_header({with_values}), with_values);
  }
  facts_->file = &file_;
}

// What an exception may have left half done is not used again.
InstanceImage::~InstanceImage() {
  if (std::uncaught_exceptions() > exceptions_) return;
  try {
    context_.cache.put(uuid_, std::move(facts_));
  } catch (const std::exception&) {
    // No memory: the next request reads the header again.
  }
}

dicom::FrameReader& InstanceImage::frames() {
  if (!facts_->frames) facts_->frames.emplace(dicom::ByteSource(facts_->read, file_.size()), facts_->header);
  return *facts_->frames;
}

dicom::DecodedFrame InstanceImage::decoded(uint64_t n) {
  dicom::FrameReader& reader = frames();
  if (reader.count() == 0) throw Error(HILUM_E_BAD_FORMAT, "the image has no frames");
  // What the data do not hold is a bad file, whatever its size.
  if (reader.format().frame_size() > kMaximumFrame) (void)reader.pieces(n);
  check_size(reader.format());
  std::string stored = reader.frame(n);
  if (reader.is_native()) return {reader.format(), std::move(stored)};
  dicom::DecodedFrame frame = context_.decoders.decode(reader.transfer_syntax(), reader.format(), stored);
  check_size(frame.format);
  return frame;
}

dicom::WorkingImage InstanceImage::frame(uint64_t n) {
  dicom::DecodedFrame frame = decoded(n);
  const bool has_palette = frame.format.photometric == "PALETTE COLOR";
  if (has_palette && !facts_->palette) facts_->palette = dicom::Palette::read(data_set());
  return dicom::working_image(std::move(frame), has_palette ? &*facts_->palette : nullptr);
}

std::optional<uint64_t> frame_number(std::string_view text) {
  const std::optional<int64_t> number = rest::parse_integer(text);
  if (!number || *number > UINT32_MAX || *number < -int64_t{UINT32_MAX}) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

}  // namespace hilum::images
