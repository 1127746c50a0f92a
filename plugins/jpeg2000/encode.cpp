#include "encode.h"

#include <openjpeg.h>

#include <algorithm>
#include <memory>
#include <string>

#include "openjpeg_objects.h"

namespace hilum::jpeg2000 {
namespace {

constexpr std::string_view kReversible = "1.2.840.10008.1.2.4.90";
// OpenJPEG holds four bytes for each sample: 512 MB.
constexpr size_t kMostSamples = size_t{1} << 27;
constexpr int kMostResolutions = 6;

[[noreturn]] void cannot(const std::string& why) {
  throw Error(HILUM_E_NOT_IMPLEMENTED, "JPEG 2000: " + why);
}

// What OpenJPEG writes.
class MemoryOutput {
 public:
  MemoryOutput() : stream_(opj_stream_create(64 * 1024, OPJ_FALSE)) {
    if (!stream_) throw Error(HILUM_E_NO_MEMORY);
    opj_stream_set_user_data(stream_.get(), this, nullptr);
    opj_stream_set_write_function(stream_.get(), &MemoryOutput::write);
    opj_stream_set_skip_function(stream_.get(), &MemoryOutput::skip);
    opj_stream_set_seek_function(stream_.get(), &MemoryOutput::seek);
  }

  opj_stream_t* get() const { return stream_.get(); }
  const std::string& bytes() const { return bytes_; }

 private:
  static OPJ_SIZE_T write(void* from, OPJ_SIZE_T count, void* context) {
    auto& self = *static_cast<MemoryOutput*>(context);
    try {
      if (self.bytes_.size() < self.position_ + count) self.bytes_.resize(self.position_ + count);
    } catch (const std::bad_alloc&) {
      return static_cast<OPJ_SIZE_T>(-1);
    }
    self.bytes_.replace(self.position_, count, static_cast<const char*>(from), count);
    self.position_ += count;
    return count;
  }
  static OPJ_OFF_T skip(OPJ_OFF_T count, void* context) {
    auto& self = *static_cast<MemoryOutput*>(context);
    if (count < 0) return -1;
    self.position_ += static_cast<size_t>(count);
    return count;
  }
  static OPJ_BOOL seek(OPJ_OFF_T position, void* context) {
    if (position < 0) return OPJ_FALSE;
    static_cast<MemoryOutput*>(context)->position_ = static_cast<size_t>(position);
    return OPJ_TRUE;
  }

  std::string bytes_;
  size_t position_ = 0;
  Stream stream_;
};

uint32_t sample_at(const RawFrame& frame, size_t i) {
  return frame.format().bits_allocated == 8 ? frame.pixels()[i]
                                            : reinterpret_cast<const uint16_t*>(frame.pixels())[i];
}

// Bits as a number, extended from bit `bits` - 1 if they are signed.
int32_t value_of(uint32_t sample, uint32_t bits, bool is_signed) {
  const unsigned unused = 32 - bits;
  return is_signed ? static_cast<int32_t>(sample << unused) >> unused : static_cast<int32_t>(sample);
}

// How the codestream holds the samples so that they come back bit by bit: with the stored bits alone if nothing else is
// set in the others (a sign excepted), else as they lie.
struct Coding {
  uint32_t precision = 0;
  bool is_signed = false;
};

Coding coding_of(const RawFrame& frame) {
  const dicom::PixelFormat& format = frame.format();
  const uint32_t bits = format.bits_stored;
  bool clean = format.high_bit + 1 == bits && (bits > 8 || format.bits_allocated == 8);
  const size_t count = frame.size() / (format.bits_allocated / 8);
  const uint32_t mask = format.bits_allocated == 8 ? 0xff : 0xffff;
  for (size_t i = 0; clean && i < count; ++i) {
    const uint32_t sample = sample_at(frame, i);
    const uint32_t kept = sample & ((1u << bits) - 1);
    clean = (static_cast<uint32_t>(value_of(kept, bits, format.is_signed)) & mask) == sample;
  }
  return {clean ? bits : format.bits_allocated, format.is_signed};
}

void check(const RawFrame& frame, bool is_reversible) {
  const dicom::PixelFormat& format = frame.format();
  if (format.bits_allocated > 16) cannot("samples of more than 16 bits are not encoded");
  if (frame.size() / (format.bits_allocated / 8) > kMostSamples)
    throw Error(HILUM_E_TOO_LARGE, "JPEG 2000: a frame of more than 2^27 samples");
  if (!is_reversible && format.photometric == "PALETTE COLOR")
    cannot("indexes of a palette are not encoded with loss");
}

Image image_of(const RawFrame& frame, const Coding& coding) {
  const dicom::PixelFormat& format = frame.format();
  opj_image_cmptparm_t parameters[4] = {};
  for (uint32_t i = 0; i < format.samples_per_pixel; ++i) {
    parameters[i].dx = parameters[i].dy = 1;
    parameters[i].w = format.columns;
    parameters[i].h = format.rows;
    parameters[i].prec = coding.precision;
    parameters[i].sgnd = coding.is_signed ? 1 : 0;
  }
  Image image(opj_image_create(format.samples_per_pixel, parameters,
                               format.samples_per_pixel == 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY));
  if (!image) throw Error(HILUM_E_NO_MEMORY);
  image->x1 = format.columns;
  image->y1 = format.rows;
  const size_t pixels = size_t{format.rows} * format.columns;
  const uint32_t mask = coding.precision == 32 ? ~0u : (1u << coding.precision) - 1;
  for (uint32_t component = 0; component < format.samples_per_pixel; ++component) {
    OPJ_INT32* to = image->comps[component].data;
    for (size_t i = 0; i < pixels; ++i) {
      const uint32_t sample = sample_at(frame, i * format.samples_per_pixel + component) & mask;
      to[i] = value_of(sample, coding.precision, coding.is_signed);
    }
  }
  return image;
}

// From quality to a peak signal-to-noise ratio in dB: 90 is beyond what eyes can tell from the original.
float noise_ratio(int quality) { return 25.0f + static_cast<float>(quality) * 0.25f; }

opj_cparameters_t coding_parameters(const RawFrame& frame, bool is_reversible) {
  const dicom::PixelFormat& format = frame.format();
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  int resolutions = 1;
  while (resolutions < kMostResolutions && std::min(format.rows, format.columns) >> resolutions != 0)
    ++resolutions;
  parameters.numresolution = resolutions;
  parameters.tcp_numlayers = 1;
  parameters.irreversible = is_reversible ? 0 : 1;
  parameters.tcp_mct = format.photometric == "RGB" && format.samples_per_pixel == 3 ? 1 : 0;
  if (is_reversible) {
    parameters.cp_disto_alloc = 1;
    parameters.tcp_rates[0] = 0;  // all there is
  } else {
    parameters.cp_fixed_quality = 1;
    parameters.tcp_distoratio[0] = noise_ratio(frame.quality());
  }
  return parameters;
}

}  // namespace

void encode(const RawFrame& frame) {
  const bool is_reversible = frame.transfer_syntax() == kReversible;
  check(frame, is_reversible);
  const Coding coding = coding_of(frame);
  const Image image = image_of(frame, coding);
  const Codec codec(opj_create_compress(OPJ_CODEC_J2K));
  if (!codec) throw Error(HILUM_E_NO_MEMORY);
  std::string message;
  opj_set_error_handler(codec.get(), &keep_first_message, &message);
  opj_cparameters_t parameters = coding_parameters(frame, is_reversible);
  MemoryOutput out;
  const bool good = opj_setup_encoder(codec.get(), &parameters, image.get()) &&
                    opj_start_compress(codec.get(), image.get(), out.get()) &&
                    opj_encode(codec.get(), out.get()) && opj_end_compress(codec.get(), out.get());
  if (!good) {
    throw Error(HILUM_E_IMAGE_FORMAT,
                "JPEG 2000: " + (message.empty() ? std::string("it cannot be encoded") : message));
  }
  frame.write(out.bytes().data(), out.bytes().size());
  if (parameters.tcp_mct == 1) {
    dicom::PixelFormat stored = frame.format();
    stored.photometric = is_reversible ? "YBR_RCT" : "YBR_ICT";
    frame.set_stored_format(stored);
  }
}

}  // namespace hilum::jpeg2000
