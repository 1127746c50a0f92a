#include <hilum/cpp/error.h>
#include <hilum/dicom/rendering.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "samples.h"

namespace hilum::dicom {
namespace {

// Calls `function` with a value of the type that the image's samples have.
template <typename Function>
auto with_sample_type(PixelKind kind, Function&& function) {
  switch (kind) {
    case PixelKind::Gray8:
    case PixelKind::Rgb24:
      return function(uint8_t{});
    case PixelKind::SignedGray16:
      return function(int16_t{});
    case PixelKind::Gray32:
      return function(uint32_t{});
    case PixelKind::Gray16:
    case PixelKind::Rgb48:
      break;
  }
  return function(uint16_t{});
}

template <typename T>
std::pair<T, T> extremes(const std::string& pixels) {
  const size_t count = pixels.size() / sizeof(T);
  T low = std::numeric_limits<T>::max();
  T high = std::numeric_limits<T>::min();
  for (size_t i = 0; i < count; ++i) {
    const T value = sample_at<T>(pixels.data(), i);
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return {low, high};
}

// Maps samples to bytes. The loops stand alone so that compilers turn them into vector code.
template <typename T, typename Function>
std::string to_bytes(const std::string& pixels, Function function) {
  const size_t count = pixels.size() / sizeof(T);
  std::string result(count, '\0');
  char* to = result.data();
  const char* from = pixels.data();
  for (size_t i = 0; i < count; ++i) to[i] = static_cast<char>(function(sample_at<T>(from, i)));
  return result;
}

// For values from 0 to 255: half away from zero, without the rounding of value + 0.5.
inline int rounded(float value) {
  const int whole = static_cast<int>(value);
  // Twice the rest, cut off, is 1 from a half on. Not a comparison: that becomes a branch that noise cannot foretell.
  return whole + static_cast<int>((value - static_cast<float>(whole)) * 2.0F);
}

WorkingImage with_pixels(WorkingImage&& image, PixelKind kind, std::string pixels) {
  image.kind = kind;
  image.bits = static_cast<uint32_t>(8 * bytes_per_sample(kind));
  image.pixels = std::move(pixels);
  return std::move(image);
}

WorkingImage eight_bit_colour(WorkingImage&& image) {
  if (image.kind == PixelKind::Rgb24) return std::move(image);
  const uint32_t shift = image.bits > 8 ? image.bits - 8 : 0;
  std::string bytes = to_bytes<uint16_t>(
      image.pixels, [shift](uint16_t value) { return std::min<int>(value >> shift, 255); });
  return with_pixels(std::move(image), PixelKind::Rgb24, std::move(bytes));
}

// Rounds down within 0..255; not-a-number is 0.
inline int cut(float value) {
  const float bounded = value > 0.0F ? value : 0.0F;
  return bounded < 255.0F ? static_cast<int>(bounded) : 255;
}

}  // namespace

WorkingImage preview(WorkingImage image) {
  if (is_colour(image.kind)) return eight_bit_colour(std::move(image));
  std::string bytes = with_sample_type(image.kind, [&](auto type) {
    using T = decltype(type);
    const auto [low, high] = extremes<T>(image.pixels);
    if (low >= high) return std::string(image.pixel_count(), '\0');
    const float scale = 255.0F / (static_cast<float>(high) - static_cast<float>(low));
    const float offset = -static_cast<float>(low) * scale;
    return to_bytes<T>(image.pixels, [scale, offset](T value) {
      const float scaled = scale * static_cast<float>(value) + offset;
      // Between the extremes 16 bits stay within 0..255 but for an error far below a half: without comparisons, which
      // would be branches that noise cannot foretell.
      if constexpr (sizeof(T) <= 2) return rounded(scaled);
      const float positive = scaled > 0.0F ? scaled : 0.0F;
      return rounded(positive < 255.0F ? positive : 255.0F);
    });
  });
  return with_pixels(std::move(image), PixelKind::Gray8, std::move(bytes));
}

WorkingImage windowed(WorkingImage image, const Rescale& rescale, const Window& window) {
  if (is_colour(image.kind)) return eight_bit_colour(std::move(image));
  constexpr double kSmallestSlope = 1e-4;
  const double slope = std::abs(rescale.slope) <= kSmallestSlope ? kSmallestSlope : rescale.slope;
  const double width = std::max(window.width, 1.0);
  const auto scale = static_cast<float>(255.0 * slope / width);
  const auto shift = static_cast<float>((rescale.intercept - window.center + width / 2) / slope);
  const float offset = shift * scale;
  std::string bytes = with_sample_type(image.kind, [&](auto type) {
    using T = decltype(type);
    return to_bytes<T>(image.pixels,
                       [scale, offset](T value) { return cut(scale * static_cast<float>(value) + offset); });
  });
  return with_pixels(std::move(image), PixelKind::Gray8, std::move(bytes));
}

namespace {

template <typename From, typename To>
std::string cut_samples(const std::string& pixels) {
  const size_t count = pixels.size() / sizeof(From);
  std::string result(count * sizeof(To), '\0');
  constexpr int64_t kLow = std::numeric_limits<To>::min();
  constexpr int64_t kHigh = std::numeric_limits<To>::max();
  for (size_t i = 0; i < count; ++i) {
    const int64_t value = sample_at<From>(pixels.data(), i);
    put_sample(result.data(), i, static_cast<To>(std::clamp(value, kLow, kHigh)));
  }
  return result;
}

}  // namespace

WorkingImage clamped(WorkingImage image, PixelKind kind) {
  if (is_colour(image.kind)) throw Error(HILUM_E_NOT_IMPLEMENTED, "colour images have no gray values");
  image.is_inverted = false;
  if (image.kind == kind) return image;
  std::string pixels = with_sample_type(image.kind, [&](auto from) {
    return with_sample_type(kind,
                            [&](auto to) { return cut_samples<decltype(from), decltype(to)>(image.pixels); });
  });
  return with_pixels(std::move(image), kind, std::move(pixels));
}

std::string rescaled(const WorkingImage& image, const Rescale& rescale) {
  const auto slope = static_cast<float>(rescale.slope);
  const auto intercept = static_cast<float>(rescale.intercept);
  return with_sample_type(image.kind, [&](auto type) {
    using T = decltype(type);
    const size_t count = image.pixels.size() / sizeof(T);
    std::string result(count * sizeof(float), '\0');
    for (size_t i = 0; i < count; ++i) {
      put_sample(result.data(), i,
                 slope * static_cast<float>(sample_at<T>(image.pixels.data(), i)) + intercept);
    }
    return result;
  });
}

int64_t sample_value(const WorkingImage& image, size_t index) {
  return with_sample_type(image.kind, [&](auto type) {
    return static_cast<int64_t>(sample_at<decltype(type)>(image.pixels.data(), index));
  });
}

}  // namespace hilum::dicom
