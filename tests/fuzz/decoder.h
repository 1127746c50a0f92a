// What the fuzz targets of decoders share: a frame out of an input.
#pragma once

#include <hilum/dicom/decoder.h>

#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace hilum::fuzz {

constexpr size_t kFormatSize = 6;
constexpr uint64_t kLargestFrame = 4u << 20;

// The format that the first bytes of the input spell, small enough to leave time for the rest.
inline dicom::PixelFormat take_format(const uint8_t* data) {
  dicom::PixelFormat format;
  format.rows = data[0];
  format.columns = data[1];
  format.samples_per_pixel = 1 + data[2] % 4;
  format.bits_allocated = data[3] % 4 == 3 ? 1 : 8u << data[3] % 4;
  format.bits_stored = 1 + data[4] % format.bits_allocated;
  format.high_bit = format.bits_stored - 1;
  format.is_signed = (data[5] & 1) != 0;
  format.is_planar = (data[5] & 2) != 0;
  constexpr const char* kPhotometric[] = {"MONOCHROME2",  "RGB",     "YBR_FULL",
                                          "YBR_FULL_422", "YBR_RCT", "PALETTE COLOR"};
  format.photometric = kPhotometric[data[5] / 4 % 6];
  return format;
}

// Decodes into a block that the sanitizer watches; a decoder that has succeeded has written all of it.
template <typename Function>
void decode_frame(Function&& decode, const dicom::PixelFormat& format, const uint8_t* data, size_t size) {
  struct Target {
    std::vector<uint8_t> block;
    dicom::PixelFormat format;
    static void* allocate(void* context, const hilum_frame_format* decoded) {
      auto& self = *static_cast<Target*>(context);
      self.format = detail::to_pixel_format(*decoded);
      const uint64_t needed = self.format.frame_size();
      if (needed > kLargestFrame) return nullptr;
      self.block = std::vector<uint8_t>(static_cast<size_t>(needed));
      return self.block.data();
    }
  } target;
  const std::vector<uint8_t> copy(data, data + size);  // on its own, so that reading past its end is seen
  const hilum_frame_format stored_format = detail::to_frame_format(format);
  hilum_stored_frame frame{};
  frame.size = sizeof frame;
  frame.format = &stored_format;
  frame.data = copy.data();
  frame.data_size = copy.size();
  accepted([&] {
    decode(StoredFrame(frame, {&target, &Target::allocate}));
    require(!target.block.empty(), "a decoder that succeeds has asked for a block");
    require(target.format.rows == format.rows && target.format.columns == format.columns &&
                target.format.samples_per_pixel == format.samples_per_pixel,
            "a decoder keeps the size");
  });
}

}  // namespace hilum::fuzz
