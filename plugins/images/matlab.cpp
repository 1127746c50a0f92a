// A frame as an expression of Octave and Matlab.
#include <charconv>
#include <optional>
#include <string>

#include "answer_stream.h"
#include "images.h"
#include "instance_image.h"

namespace hilum::images {

namespace {

// Numbers, each followed by a blank.
class NumberWriter {
 public:
  explicit NumberWriter(GatheredAnswer& answer) : answer_(answer) {}

  void text(std::string_view piece) {
    buffer_.append(piece);
    if (buffer_.size() >= kBuffer) flush();
  }
  void number(int64_t value) {
    char digits[24];
    char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    *end++ = ' ';
    text({digits, static_cast<size_t>(end - digits)});
  }
  void flush() {
    answer_.write(buffer_);
    buffer_.clear();
  }

 private:
  static constexpr size_t kBuffer = 32 << 10;
  GatheredAnswer& answer_;
  std::string buffer_;
};

void write_gray(const dicom::WorkingImage& image, NumberWriter& out) {
  out.text("double([ ");
  size_t index = 0;
  for (uint32_t y = 0; y < image.height; ++y) {
    if (y > 0) out.text("; ");
    for (uint32_t x = 0; x < image.width; ++x) out.number(dicom::sample_value(image, index++));
  }
  out.text("])");
}

// Matlab's arrays are column by column: the samples in file order are an array of channels x columns x rows.
void write_colour(const dicom::WorkingImage& image, NumberWriter& out) {
  out.text("double(permute(reshape([ ");
  const size_t count = 3 * image.pixel_count();
  for (size_t i = 0; i < count; ++i) out.number(dicom::sample_value(image, i));
  out.text("], [ 3 ");
  out.number(image.width);
  out.number(image.height);
  out.text("]), [ 3 2 1 ]))");
}

}  // namespace

void get_matlab(ImageCall& call) {
  const std::optional<uint64_t> frame = frame_number(call.frame_text());
  Snapshot snapshot = call.context.services.index.snapshot();
  if (!frame) return;  // 404 with an empty body
  Resource instance = rest::require(snapshot, call.id(), HILUM_INSTANCE);
  GatheredAnswer answer(call.answer, "text/plain", call.context.spool_memory,
                        call.context.services.temporary_directory);
  {
    const Slots::Holder slot(call.context.slots);
    const dicom::WorkingImage image = InstanceImage(call.context, instance).frame(*frame);
    NumberWriter out(answer);
    if (dicom::is_colour(image.kind)) {
      write_colour(image, out);
    } else {
      write_gray(image, out);
    }
    out.flush();
  }
  answer.finish();
}

}  // namespace hilum::images
