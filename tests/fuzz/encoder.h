// What the fuzz targets of encoders share: a frame in, the stream decoded again.
#pragma once

#include <hilum/dicom/encoder.h>

#include <cstring>

#include "tests/fuzz/decoder.h"

namespace hilum::fuzz {

// Encodes as much of the input as the format has room for, the rest zero, as the host would: interleaved, with the size
// checked. The stream must be decodable; of a lossless encoder, to the same samples.
template <typename Decode>
void encode_frame(const char* transfer_syntax, void (*encode)(const RawFrame&), Decode&& decode,
                  bool is_lossless, dicom::PixelFormat format, const uint8_t* data, size_t size) {
  if (format.rows == 0 || format.columns == 0 || format.bits_allocated < 8) return;
  format.is_planar = false;
  format.photometric = format.samples_per_pixel == 3 ? "RGB" : "MONOCHROME2";
  const uint64_t needed = format.frame_size();
  if (needed > kLargestFrame / 4) return;
  std::vector<uint8_t> pixels(static_cast<size_t>(needed));
  if (size > 0) std::memcpy(pixels.data(), data, std::min(size, pixels.size()));
  // Samples of honest images stay within the bits that they announce.
  const size_t bytes = format.bits_allocated / 8;
  for (size_t at = 0; at < pixels.size(); at += bytes) {
    for (size_t byte = 0; byte < bytes; ++byte) {
      const int bits = static_cast<int>(format.bits_stored) - static_cast<int>(8 * byte);
      pixels[at + byte] = static_cast<uint8_t>(pixels[at + byte] & (bits >= 8   ? 0xff
                                                                    : bits <= 0 ? 0
                                                                                : (1 << bits) - 1));
    }
  }
  const hilum_frame_format raw_format = detail::to_frame_format(format);
  hilum_raw_frame raw{};
  raw.size = sizeof raw;
  raw.quality = 90;
  raw.transfer_syntax = to_text(transfer_syntax);
  raw.format = &raw_format;
  raw.pixels = pixels.data();
  raw.pixel_size = pixels.size();
  hilum_frame_format stored = raw_format;
  StringSink stream;
  if (!accepted([&] { encode(RawFrame(raw, &stored, stream.sink())); })) return;
  require(!stream.text().empty(), "an encoder that succeeds has written something");

  struct Target {
    std::vector<uint8_t> block;
    static void* allocate(void* context, const hilum_frame_format* decoded) {
      auto& self = *static_cast<Target*>(context);
      self.block.resize(static_cast<size_t>(detail::to_pixel_format(*decoded).frame_size()));
      return self.block.data();
    }
  } target;
  hilum_stored_frame frame{};
  frame.size = sizeof frame;
  frame.format = &stored;
  frame.data = stream.text().data();
  frame.data_size = stream.text().size();
  require(accepted([&] {
            decode(StoredFrame(frame, {&target, &Target::allocate}));
          }),
          "what is encoded can be decoded");
  // A lossy one may have made smaller samples: 16 bits that hold no more than 8.
  require(target.block.size() == detail::to_pixel_format(stored).frame_size(),
          "it has the size that was announced");
  require(!is_lossless || stored.bits_allocated != raw_format.bits_allocated || target.block == pixels,
          "lossless encoders lose nothing");
}

}  // namespace hilum::fuzz
