#include "jpeg_encode.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djeijg12.h>
#include <dcmtk/dcmjpeg/djeijg16.h>
#include <dcmtk/dcmjpeg/djeijg8.h>

#include <memory>
#include <string>
#include <vector>

namespace hilum::codecs {
namespace {

constexpr std::string_view kBaseline = "1.2.840.10008.1.2.4.50";
constexpr std::string_view kLosslessAnyPredictor = "1.2.840.10008.1.2.4.57";
constexpr uint32_t kExtendedBits = 12;

[[noreturn]] void cannot(const std::string& why) { throw Error(HILUM_E_NOT_IMPLEMENTED, "JPEG: " + why); }

// Lossy: RGB becomes YCbCr, without subsampling.
const DJCodecParameter& parameters() {
  static const DJCodecParameter parameter(ECC_lossyYCbCr, EDC_photometricInterpretation, EUC_never,
                                          EPC_default);
  return parameter;
}

EP_Interpretation interpretation(const dicom::PixelFormat& format) {
  if (format.samples_per_pixel == 1) return EPI_Monochrome2;
  if (format.samples_per_pixel == 3) return format.photometric == "YBR_FULL" ? EPI_YBR_Full : EPI_RGB;
  cannot("images of " + std::to_string(format.samples_per_pixel) + " samples are not encoded");
}

template <typename Sample>
void run(DJEncoder& encoder, const RawFrame& frame, const Sample* samples) {
  const dicom::PixelFormat& format = frame.format();
  Uint8* stream = nullptr;
  Uint32 length = 0;
  // The library reads only; its interface is older than const.
  const OFCondition result = encoder.encode(
      static_cast<Uint16>(format.columns), static_cast<Uint16>(format.rows), interpretation(format),
      static_cast<Uint16>(format.samples_per_pixel), const_cast<Sample*>(samples), stream, length);
  const std::unique_ptr<Uint8[]> owned(stream);
  if (result.bad()) throw Error(HILUM_E_IMAGE_FORMAT, std::string("JPEG: ") + result.text());
  frame.write(stream, length);
}

const Uint16* words(const RawFrame& frame) { return reinterpret_cast<const Uint16*>(frame.pixels()); }

void check_lossy(const RawFrame& frame) {
  const dicom::PixelFormat& format = frame.format();
  if (format.bits_allocated > 16) cannot("samples of more than 16 bits are not encoded");
  if (format.is_signed) cannot("signed samples are not encoded with loss");
  if (format.photometric == "PALETTE COLOR") cannot("indexes of a palette are not encoded with loss");
  const bool is_color = format.samples_per_pixel == 3;
  if (is_color && format.photometric != "RGB" && format.photometric != "YBR_FULL")
    cannot("images of PhotometricInterpretation " + format.photometric + " are not encoded with loss");
  const uint32_t most = frame.transfer_syntax() == kBaseline ? 8 : kExtendedBits;
  if (format.bits_stored > most)
    cannot(std::to_string(format.bits_stored) + " bits stored; this process has at most " +
           std::to_string(most));
}

// The stored bits alone, from bit 0 on: overlays may lie above and below them.
template <typename Sample>
std::vector<Sample> stored_bits(const RawFrame& frame) {
  const dicom::PixelFormat& format = frame.format();
  const uint32_t shift = format.high_bit + 1 - format.bits_stored;
  const uint32_t mask = (1u << format.bits_stored) - 1;
  std::vector<Sample> samples(frame.size() / (format.bits_allocated / 8));
  for (size_t i = 0; i < samples.size(); ++i) {
    const uint32_t sample = format.bits_allocated == 8 ? frame.pixels()[i] : words(frame)[i];
    samples[i] = static_cast<Sample>(sample >> shift & mask);
  }
  return samples;
}

}  // namespace

void encode_jpeg(const RawFrame& frame) {
  check_lossy(frame);
  dicom::PixelFormat stored = frame.format();
  const bool is_baseline = frame.transfer_syntax() == kBaseline;
  const auto quality = static_cast<Uint8>(frame.quality());
  // As many bits as the process has: what was stored in 10 bits is off by a few more after compression.
  const bool is_narrow = stored.bits_stored <= 8;
  stored.bits_allocated = is_narrow ? 8 : 16;
  stored.bits_stored = is_narrow ? 8 : kExtendedBits;
  stored.high_bit = stored.bits_stored - 1;
  if (stored.photometric == "RGB") stored.photometric = "YBR_FULL";
  if (is_narrow) {
    DJCompressIJG8Bit encoder(parameters(), is_baseline ? EJM_baseline : EJM_sequential, quality);
    run<Uint8>(encoder, frame, stored_bits<Uint8>(frame).data());
  } else {
    DJCompressIJG12Bit encoder(parameters(), EJM_sequential, quality);
    run<Uint16>(encoder, frame, stored_bits<Uint16>(frame).data());
  }
  frame.set_stored_format(stored);
}

// All allocated bits, whatever is in them.
void encode_jpeg_lossless(const RawFrame& frame) {
  // Predictor 6 overflows in other libraries when samples have 16 bits.
  const bool is_free = frame.transfer_syntax() == kLosslessAnyPredictor && frame.format().bits_allocated == 8;
  const int predictor = is_free ? 6 : 1;
  if (frame.format().bits_allocated == 8) {
    DJCompressIJG8Bit encoder(parameters(), EJM_lossless, predictor, 0);
    run<Uint8>(encoder, frame, frame.pixels());
  } else if (frame.format().bits_allocated == 16) {
    DJCompressIJG16Bit encoder(parameters(), EJM_lossless, predictor, 0);
    run<Uint16>(encoder, frame, words(frame));
  } else {
    cannot("samples of more than 16 bits are not encoded");
  }
}

}  // namespace hilum::codecs
