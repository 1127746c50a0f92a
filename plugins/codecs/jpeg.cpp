#include "jpeg.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djdijg12.h>
#include <dcmtk/dcmjpeg/djdijg16.h>
#include <dcmtk/dcmjpeg/djdijg8.h>
#include <hilum/dicom/decoded_format.h>

#include <memory>

#include "jpeg_header.h"

namespace hilum::codecs {
namespace {

// A stream cannot hold more samples for each of its bytes: transformed blocks of 64 samples have one bit at least,
// chroma is shared by up to 16 pixels; predicted samples have one bit each. Keeps a few bytes from asking for
// gigabytes.
constexpr uint64_t kSamplesPerByteTransformed = 4096;
constexpr size_t kMostScans = 64;
constexpr uint64_t kMostProgressiveSamples = 64u << 20;  // their coefficients lie in memory
constexpr uint64_t kSamplesPerBytePredicted = 8;

// Whether the samples are luminance and chrominance (PS3.3 section C.7.6.3.1.2).
bool is_ybr(const dicom::PixelFormat& format) {
  return format.samples_per_pixel == 3 && format.photometric.compare(0, 4, "YBR_") == 0;
}

// Converts YBR to RGB if, and only if, the photometric interpretation says that it is YBR.
const DJCodecParameter& parameters() {
  static const DJCodecParameter parameter(
      ECC_lossyYCbCr, EDC_photometricInterpretation, EUC_default, EPC_default,
      OFFalse /* predictor 6 as the standard has it, not old DCMTK */, OFTrue /* Cornell */);
  return parameter;
}

std::unique_ptr<DJDecoder> make_decoder(const JpegHeader& header, bool ybr) {
  if (header.precision <= 8) return std::make_unique<DJDecompressIJG8Bit>(parameters(), ybr);
  if (header.precision <= 12) return std::make_unique<DJDecompressIJG12Bit>(parameters(), ybr);
  if (header.is_lossless) return std::make_unique<DJDecompressIJG16Bit>(parameters(), ybr);
  throw Error(HILUM_E_BAD_FORMAT,
              "lossy JPEG with " + std::to_string(header.precision) + " bits; there are 8 or 12");
}

}  // namespace

void decode_jpeg(const StoredFrame& frame) {
  const std::optional<JpegHeader> header = read_jpeg_header(frame.data(), frame.size());
  if (!header || header->is_jpeg_ls)
    throw Error(HILUM_E_BAD_FORMAT, "no JPEG stream: it has no frame header that DICOM knows");
  dicom::PixelFormat decoded = dicom::decoded_format(
      frame.format(), {header->rows, header->columns, header->components, header->precision});
  const uint64_t samples = uint64_t{header->rows} * header->columns * header->components;
  const uint64_t most = header->is_lossless ? kSamplesPerBytePredicted : kSamplesPerByteTransformed;
  if (samples / most > frame.size() || frame.size() > UINT32_MAX) {
    throw Error(HILUM_E_BAD_FORMAT, "JPEG: " + std::to_string(frame.size()) + " bytes cannot hold " +
                                        std::to_string(samples) + " samples");
  }
  // A scan of a few bytes can go over all coefficients, again and again. Encoders make about ten, one for each
  // component without loss.
  const size_t scans = count_scans(frame.data(), frame.size());
  if (scans > kMostScans)
    throw Error(HILUM_E_BAD_FORMAT, "JPEG: more than " + std::to_string(kMostScans) + " scans");
  if ((header->is_progressive || scans > 1) && samples > kMostProgressiveSamples)
    throw Error(HILUM_E_BAD_FORMAT, "JPEG: images in several scans have at most " +
                                        std::to_string(kMostProgressiveSamples) + " samples");
  const bool ybr = is_ybr(decoded);
  if (ybr) decoded.photometric = "RGB";
  const std::unique_ptr<DJDecoder> decoder = make_decoder(*header, ybr);
  if (decoder->init().bad()) throw Error(HILUM_E_NO_MEMORY, "cannot start the JPEG decoder");
  uint8_t* pixels = frame.allocate(decoded);
  // The library reads only; its interface is older than const.
  const OFCondition result = decoder->decode(
      const_cast<Uint8*>(frame.data()), static_cast<Uint32>(frame.size()), pixels,
      static_cast<Uint32>(samples * decoder->bytesPerSample()), decoded.is_signed ? OFTrue : OFFalse);
  if (result.bad()) throw Error(HILUM_E_BAD_FORMAT, std::string("JPEG: ") + result.text());
}

}  // namespace hilum::codecs
