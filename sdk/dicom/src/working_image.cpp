#include <hilum/cpp/error.h>
#include <hilum/dicom/working_image.h>

#include <algorithm>
#include <limits>

#include "samples.h"

namespace hilum::dicom {
namespace {

[[noreturn]] void refuse(const PixelFormat& format) {
  throw Error(HILUM_E_NOT_IMPLEMENTED,
              "images of " + (format.photometric.empty() ? "unknown colour" : format.photometric) + " with " +
                  std::to_string(format.samples_per_pixel) + " sample(s) of " +
                  std::to_string(format.bits_stored) + " in " + std::to_string(format.bits_allocated) +
                  (format.is_signed ? " bits, signed," : " bits") + " cannot be shown");
}

PixelKind gray_kind(const PixelFormat& format) {
  switch (format.bits_allocated) {
    case 1:
      return PixelKind::Gray8;
    case 8:
      return format.is_signed ? PixelKind::SignedGray16 : PixelKind::Gray8;
    case 16:
      if (format.is_signed) return PixelKind::SignedGray16;
      return format.bits_stored == 8 ? PixelKind::Gray8 : PixelKind::Gray16;
    case 32:
      if (!format.is_signed) return PixelKind::Gray32;
      break;
    default:
      break;
  }
  refuse(format);
}

// Applies `shift` to samples that lie as their type does. Signed types keep their sign.
template <typename T>
void shift_down(std::string& pixels, uint32_t shift) {
  const size_t count = pixels.size() / sizeof(T);
  for (size_t i = 0; i < count; ++i) {
    put_sample(pixels.data(), i, static_cast<T>(sample_at<T>(pixels.data(), i) >> shift));
  }
}

// One sample of any layout: masked to the stored bits, with its sign.
class SampleReader {
 public:
  explicit SampleReader(const PixelFormat& format)
      : bytes_(format.bits_allocated / 8),
        shift_(format.high_bit + 1 - format.bits_stored),
        mask_(format.bits_stored >= 64 ? UINT64_MAX : (uint64_t{1} << format.bits_stored) - 1),
        sign_(format.is_signed ? uint64_t{1} << (format.bits_stored - 1) : 0) {}

  int64_t at(const char* data, size_t index) const {
    uint64_t value = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(data) + index * bytes_;
    for (size_t i = 0; i < bytes_; ++i) value |= uint64_t{bytes[i]} << (8 * i);
    value = (value >> shift_) & mask_;
    return static_cast<int64_t>(value & sign_ ? value | ~mask_ : value);
  }

 private:
  size_t bytes_;
  uint32_t shift_;
  uint64_t mask_;
  uint64_t sign_;
};

template <typename T>
void put_clamped(std::string& pixels, size_t index, int64_t value) {
  const int64_t low = std::numeric_limits<T>::min();
  const int64_t high = std::numeric_limits<T>::max();
  put_sample(pixels.data(), index, static_cast<T>(std::clamp(value, low, high)));
}

// Any layout, sample by sample.
template <typename T>
std::string gather(const DecodedFrame& frame) {
  const PixelFormat& format = frame.format;
  const SampleReader reader(format);
  const size_t pixels = size_t{format.rows} * format.columns;
  const size_t samples = format.samples_per_pixel;
  std::string result(pixels * samples * sizeof(T), '\0');
  for (size_t i = 0; i < pixels; ++i) {
    for (size_t s = 0; s < samples; ++s) {
      const size_t source = format.is_planar ? s * pixels + i : i * samples + s;
      put_clamped<T>(result, i * samples + s, reader.at(frame.pixels.data(), source));
    }
  }
  return result;
}

// PS3.5 section 8.1.1: the first pixel is in the least significant bit.
std::string spread_bits(const DecodedFrame& frame) {
  const size_t count = size_t{frame.format.rows} * frame.format.columns;
  std::string result(count, '\0');
  for (size_t i = 0; i < count; ++i) {
    const auto byte = static_cast<unsigned char>(frame.pixels[i / 8]);
    result[i] = static_cast<char>(-((byte >> (i % 8)) & 1));  // 0 or 255
  }
  return result;
}

bool lies_as_type(const PixelFormat& format, PixelKind kind) {
  const bool whole = format.bits_allocated != 8 || format.bits_stored == 8;
  return whole && !format.is_planar && format.bits_allocated == 8 * bytes_per_sample(kind);
}

std::string plain_samples(DecodedFrame& frame, PixelKind kind) {
  if (frame.format.bits_allocated == 1) return spread_bits(frame);
  if (lies_as_type(frame.format, kind)) {
    std::string pixels = std::move(frame.pixels);
    pixels.resize(size_t{frame.format.rows} * frame.format.columns * bytes_per_pixel(kind));
    const uint32_t shift = frame.format.high_bit + 1 - frame.format.bits_stored;
    if (shift == 0) return pixels;
    if (kind == PixelKind::SignedGray16) {
      shift_down<int16_t>(pixels, shift);
    } else if (kind == PixelKind::Gray32) {
      shift_down<uint32_t>(pixels, shift);
    } else {
      shift_down<uint16_t>(pixels, shift);  // 8 bits of 8 are never shifted
    }
    return pixels;
  }
  switch (kind) {
    case PixelKind::Gray8:
    case PixelKind::Rgb24:
      return gather<uint8_t>(frame);
    case PixelKind::Gray16:
    case PixelKind::Rgb48:
      return gather<uint16_t>(frame);
    case PixelKind::SignedGray16:
      return gather<int16_t>(frame);
    case PixelKind::Gray32:
      break;
  }
  return gather<uint32_t>(frame);
}

std::string palette_colours(const DecodedFrame& frame, const Palette& palette, PixelKind kind) {
  const SampleReader reader(frame.format);
  const size_t pixels = size_t{frame.format.rows} * frame.format.columns;
  std::string result(pixels * bytes_per_pixel(kind), '\0');
  for (size_t i = 0; i < pixels; ++i) {
    const auto& colour = palette.colour(static_cast<uint32_t>(reader.at(frame.pixels.data(), i)));
    for (size_t s = 0; s < 3; ++s) {
      if (kind == PixelKind::Rgb48) {
        put_sample<uint16_t>(result.data(), 3 * i + s, colour[s]);
      } else {
        result[3 * i + s] = static_cast<char>(colour[s] >> 8);
      }
    }
  }
  return result;
}

// PS3.3 section C.7.6.3.1.2, in fixed point with rounding, like JPEG decoders.
void put_ybr(char* to, int y, int cb, int cr) {
  constexpr int kHalf = 1 << 15;
  auto byte = [](int value) { return static_cast<char>(std::clamp(value, 0, 255)); };
  cb -= 128;
  cr -= 128;
  to[0] = byte(y + ((91881 * cr + kHalf) >> 16));
  to[1] = byte(y + ((-22554 * cb - 46802 * cr + kHalf) >> 16));
  to[2] = byte(y + ((116130 * cb + kHalf) >> 16));
}

void ybr_to_rgb(std::string& pixels) {
  auto at = [&](size_t i) { return static_cast<int>(static_cast<unsigned char>(pixels[i])); };
  for (size_t i = 0; i + 3 <= pixels.size(); i += 3) put_ybr(&pixels[i], at(i), at(i + 1), at(i + 2));
}

std::string subsampled_to_rgb(const DecodedFrame& frame) {
  const size_t pixels = size_t{frame.format.rows} * frame.format.columns;
  std::string result(pixels * 3, '\0');
  auto at = [&](size_t i) { return static_cast<int>(static_cast<unsigned char>(frame.pixels[i])); };
  for (size_t i = 0; i + 2 <= pixels; i += 2) {
    const size_t source = 2 * i;
    put_ybr(&result[3 * i], at(source), at(source + 2), at(source + 3));
    put_ybr(&result[3 * i + 3], at(source + 1), at(source + 2), at(source + 3));
  }
  return result;
}

}  // namespace

PixelKind working_kind(const PixelFormat& format) {
  const std::string& colour = format.photometric;
  const uint32_t allocated = format.bits_allocated;
  if (colour == "MONOCHROME1" || colour == "MONOCHROME2") {
    if (format.samples_per_pixel == 1) return gray_kind(format);
  } else if (colour == "PALETTE COLOR") {
    if (format.samples_per_pixel == 1 && !format.is_signed && (allocated == 8 || allocated == 16)) {
      return format.bits_stored > 8 ? PixelKind::Rgb48 : PixelKind::Rgb24;
    }
  } else if (format.samples_per_pixel == 3 && !format.is_signed) {
    if (colour == "RGB" && allocated == 8) return PixelKind::Rgb24;
    if (colour == "RGB" && allocated == 16) return PixelKind::Rgb48;
    const bool even = format.columns % 2 == 0;
    const bool is_ybr = colour == "YBR_FULL" || (colour == "YBR_FULL_422" && even && !format.is_planar);
    if (is_ybr && allocated == 8 && format.bits_stored == 8) return PixelKind::Rgb24;
  }
  refuse(format);
}

WorkingImage working_image(DecodedFrame frame, const Palette* palette) {
  const PixelFormat& format = frame.format;
  WorkingImage image;
  image.kind = working_kind(format);
  image.width = format.columns;
  image.height = format.rows;
  image.bits = format.photometric == "PALETTE COLOR" ? 16 : format.bits_stored;
  image.is_inverted = format.photometric == "MONOCHROME1";
  if (frame.pixels.size() < format.frame_size()) {
    throw Error(HILUM_E_BAD_FORMAT, "the frame has " + std::to_string(frame.pixels.size()) + " bytes, not " +
                                        std::to_string(format.frame_size()));
  }
  if (format.photometric == "PALETTE COLOR") {
    if (palette == nullptr) throw Error(HILUM_E_BAD_FORMAT, "the colour palette is missing");
    image.pixels = palette_colours(frame, *palette, image.kind);
  } else if (format.is_subsampled()) {
    image.pixels = subsampled_to_rgb(frame);
  } else {
    image.pixels = plain_samples(frame, image.kind);
    if (format.photometric == "YBR_FULL") ybr_to_rgb(image.pixels);
  }
  return image;
}

}  // namespace hilum::dicom
