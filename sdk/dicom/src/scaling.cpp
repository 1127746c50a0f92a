// Sizes and blurring of images that are shown.
#include <hilum/dicom/rendering.h>

#include <algorithm>
#include <cmath>

namespace hilum::dicom {

std::pair<uint64_t, uint64_t> fitted(ImageSize size, uint64_t width, uint64_t height) {
  if ((width == 0 && height == 0) || size.width == 0 || size.height == 0) return {size.width, size.height};
  const auto own_width = static_cast<float>(size.width);
  const auto own_height = static_cast<float>(size.height);
  const float across = static_cast<float>(width) / own_width;
  const float down = static_cast<float>(height) / own_height;
  const float ratio = width == 0 ? down : height == 0 ? across : std::min(across, down);
  // Nobody asks for more than 2^32; the conversion stays defined.
  const auto side = [ratio](float length) {
    return static_cast<uint64_t>(std::min(std::round(ratio * length), 4294967296.0F));
  };
  return {side(own_width), side(own_height)};
}

namespace {

// sums[i] = 1 4 6 4 1 of the values around i, `step` apart, the first and the last repeated beyond the ends.
template <typename From>
void blur_line(const From* line, size_t count, size_t step, uint16_t* sums) {
  const auto last = static_cast<ptrdiff_t>(count) - 1;
  const auto at = [&](ptrdiff_t i) {
    return static_cast<uint32_t>(line[static_cast<size_t>(std::clamp<ptrdiff_t>(i, 0, last)) * step]);
  };
  for (ptrdiff_t i = 0; i <= last; ++i) {
    sums[static_cast<size_t>(i) * step] =
        static_cast<uint16_t>(at(i - 2) + 4 * at(i - 1) + 6 * at(i) + 4 * at(i + 1) + at(i + 2));
  }
}

}  // namespace

void smooth(WorkingImage& image) {
  const size_t step = channels(image.kind);
  const size_t row = image.row_size();
  const size_t height = image.height;
  if (row == 0 || height == 0) return;
  auto* pixels = reinterpret_cast<uint8_t*>(image.pixels.data());
  // Horizontal sums of five rows at a time: row y of the image is in slot y % 5.
  std::vector<uint16_t> sums(5 * row);
  const auto slot = [&](size_t y) { return sums.data() + (y % 5) * row; };
  const auto fill = [&](size_t y) {
    for (size_t c = 0; c < step; ++c) blur_line(pixels + y * row + c, image.width, step, slot(y) + c);
  };
  for (size_t y = 0; y < std::min<size_t>(height, 2); ++y) fill(y);
  for (size_t y = 0; y < height; ++y) {
    if (y + 2 < height) fill(y + 2);
    const uint16_t* above2 = slot(y < 2 ? 0 : y - 2);
    const uint16_t* above1 = slot(y < 1 ? 0 : y - 1);
    const uint16_t* here = slot(y);
    const uint16_t* below1 = slot(std::min(y + 1, height - 1));
    const uint16_t* below2 = slot(std::min(y + 2, height - 1));
    for (size_t x = 0; x < row; ++x) {
      const uint32_t sum = uint32_t{above2[x]} + 4u * above1[x] + 6u * here[x] + 4u * below1[x] + below2[x];
      pixels[y * row + x] = static_cast<uint8_t>(sum >> 8);
    }
  }
}

namespace {

// The pixel of the image that stands in the middle of pixel i of the result.
uint32_t nearest(uint32_t i, uint32_t from, uint32_t to) {
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  const float position = (static_cast<float>(i) + 0.5F) * scale;
  return std::min(static_cast<uint32_t>(position), from - 1);
}

}  // namespace

RowScaler::RowScaler(const WorkingImage& image, ImageSize size)
    : image_(image), size_(size), same_width_(size.width == image.width) {
  if (same_width_) return;
  columns_.resize(size.width);
  for (uint32_t x = 0; x < size.width; ++x) columns_[x] = nearest(x, image.width, size.width);
}

const char* RowScaler::row(uint32_t y) {
  const uint32_t source_row = size_.height == image_.height ? y : nearest(y, image_.height, size_.height);
  const char* source = image_.pixels.data() + source_row * image_.row_size();
  if (same_width_ && !image_.is_inverted) return source;
  if (source_row == row_number_) return row_.data();
  row_number_ = source_row;
  if (same_width_) {
    row_.assign(source, image_.row_size());
  } else {
    const size_t pixel = bytes_per_pixel(image_.kind);
    row_.resize(size_.width * pixel);
    char* to = row_.data();
    for (const uint32_t column : columns_) to = std::copy_n(source + column * pixel, pixel, to);
  }
  if (image_.is_inverted) {
    for (char& value : row_) value = static_cast<char>(~value);
  }
  return row_.data();
}

}  // namespace hilum::dicom
