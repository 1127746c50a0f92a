#include "decode.h"

#include <hilum/dicom/decoded_format.h>
#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "codestream.h"
#include "openjpeg_objects.h"

namespace hilum::jpeg2000 {
namespace {

// OpenJPEG holds four bytes for each sample: 512 MB.
constexpr uint64_t kMostSamples = uint64_t{1} << 27;
// It keeps about 9 KB for each tile, and about 100 bytes for each precinct and code block of the tile at work.
constexpr uint64_t kMostTiles = 16384;
constexpr uint64_t kMostCells = uint64_t{2} << 20;
// And two bytes for each packet that a tile may have: one for each layer, resolution and precinct, as many precincts at
// each resolution as at the one that has most. Encoders make some ten layers.
constexpr uint64_t kMostLayers = 1024;
constexpr uint64_t kMostPackets = uint64_t{1} << 26;
// More than that is believed only if the stream has a byte for each 4096 of them. An image of one colour takes some
// hundred bytes at any size.
constexpr uint64_t kSamplesOfFewBytes = uint64_t{1} << 25;
constexpr uint64_t kSamplesPerByte = 4096;

[[noreturn]] void refuse(const std::string& why) { throw Error(HILUM_E_BAD_FORMAT, "JPEG 2000: " + why); }

// The codestream as OpenJPEG reads it.
class MemoryStream {
 public:
  explicit MemoryStream(const Codestream& bytes) : bytes_(bytes) {
    constexpr size_t kBuffer = 64 * 1024;
    stream_.reset(opj_stream_create(kBuffer, OPJ_TRUE));
    if (!stream_) throw Error(HILUM_E_NO_MEMORY);
    opj_stream_set_user_data(stream_.get(), this, nullptr);
    opj_stream_set_user_data_length(stream_.get(), bytes_.size);
    opj_stream_set_read_function(stream_.get(), &MemoryStream::read);
    opj_stream_set_skip_function(stream_.get(), &MemoryStream::skip);
    opj_stream_set_seek_function(stream_.get(), &MemoryStream::seek);
  }

  opj_stream_t* get() const { return stream_.get(); }

 private:
  static OPJ_SIZE_T read(void* to, OPJ_SIZE_T count, void* context) {
    auto& self = *static_cast<MemoryStream*>(context);
    const size_t left = self.bytes_.size - self.position_;
    if (left == 0) return static_cast<OPJ_SIZE_T>(-1);
    count = std::min(count, left);
    std::memcpy(to, self.bytes_.data + self.position_, count);
    self.position_ += count;
    return count;
  }
  static OPJ_OFF_T skip(OPJ_OFF_T count, void* context) {
    auto& self = *static_cast<MemoryStream*>(context);
    if (count < 0) return -1;
    const size_t moved = std::min(static_cast<size_t>(count), self.bytes_.size - self.position_);
    self.position_ += moved;
    return static_cast<OPJ_OFF_T>(moved);
  }
  static OPJ_BOOL seek(OPJ_OFF_T position, void* context) {
    auto& self = *static_cast<MemoryStream*>(context);
    if (position < 0 || static_cast<size_t>(position) > self.bytes_.size) return OPJ_FALSE;
    self.position_ = static_cast<size_t>(position);
    return OPJ_TRUE;
  }

  Codestream bytes_;
  size_t position_ = 0;
  Stream stream_;
};

Image run_openjpeg(const Codestream& bytes) {
  const Codec codec(opj_create_decompress(OPJ_CODEC_J2K));
  if (!codec) throw Error(HILUM_E_NO_MEMORY);
  std::string message;
  opj_set_error_handler(codec.get(), &keep_first_message, &message);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  const MemoryStream stream(bytes);
  opj_image_t* started = nullptr;
  bool good =
      opj_setup_decoder(codec.get(), &parameters) && opj_read_header(stream.get(), codec.get(), &started);
  Image image(started);
  good = good && image && opj_decode(codec.get(), stream.get(), image.get()) &&
         opj_end_decompress(codec.get(), stream.get());
  if (!good) refuse(message.empty() ? "it cannot be decoded" : message);
  return image;
}

void check_cost(const CodestreamHeader& header, size_t stream_size) {
  const uint64_t samples = uint64_t{header.rows} * header.columns * header.components;
  const uint64_t cells = header.tile_samples / header.smallest_cell;
  if (samples > kMostSamples || header.tiles > kMostTiles || cells > kMostCells) {
    throw Error(HILUM_E_TOO_LARGE, "JPEG 2000: " + std::to_string(samples) + " samples in " +
                                       std::to_string(header.tiles) + " tiles of " + std::to_string(cells) +
                                       " precincts or code blocks take too much memory");
  }
  const uint64_t packets =
      uint64_t{header.layers} * header.resolutions * std::max<uint64_t>(cells, header.components);
  if (header.layers > kMostLayers || packets > kMostPackets) {
    throw Error(HILUM_E_TOO_LARGE,
                "JPEG 2000: " + std::to_string(header.layers) + " quality layers take too much memory");
  }
  if (samples > kSamplesOfFewBytes && samples / kSamplesPerByte > stream_size) {
    throw Error(HILUM_E_TOO_LARGE, "JPEG 2000: " + std::to_string(samples) + " samples in a stream of " +
                                       std::to_string(stream_size) + " bytes");
  }
}

// Samples that fill their bits, with the sign that the data set gives them: streams whose own sign differs are
// common, and their bits are right.
template <typename Sample>
void copy_component(const opj_image_comp_t& component, uint32_t precision, bool is_signed, Sample* to,
                    size_t stride) {
  const size_t count = size_t{component.w} * component.h;
  const unsigned unused = 32 - precision;
  if (is_signed == (component.sgnd != 0)) {
    for (size_t i = 0; i < count; ++i) to[i * stride] = static_cast<Sample>(component.data[i]);
  } else if (is_signed) {
    for (size_t i = 0; i < count; ++i) {
      const auto bits = static_cast<int32_t>(static_cast<uint32_t>(component.data[i]) << unused);
      to[i * stride] = static_cast<Sample>(bits >> unused);
    }
  } else {
    const uint32_t mask = 0xffffffffu >> unused;
    for (size_t i = 0; i < count; ++i) {
      to[i * stride] = static_cast<Sample>(static_cast<uint32_t>(component.data[i]) & mask);
    }
  }
}

}  // namespace

void decode(const StoredFrame& frame) {
  const Codestream bytes = find_codestream(frame.data(), frame.size());
  const CodestreamHeader header = read_codestream_header(bytes);
  dicom::PixelFormat decoded = dicom::decoded_format(
      frame.format(), {header.rows, header.columns, header.components, header.precision});
  // Undone by the decoder (PS3.3 section C.7.6.3.1.2).
  if (decoded.photometric == "YBR_ICT" || decoded.photometric == "YBR_RCT") decoded.photometric = "RGB";
  check_cost(header, bytes.size);
  uint8_t* pixels = frame.allocate(decoded);
  const Image image = run_openjpeg(bytes);
  if (image->numcomps != header.components) refuse("its components have changed while it was decoded");
  for (uint32_t i = 0; i < header.components; ++i) {
    const opj_image_comp_t& component = image->comps[i];
    if (component.data == nullptr || component.w != header.columns || component.h != header.rows ||
        component.prec != header.precision) {
      refuse("component " + std::to_string(i) + " is not what the header announces");
    }
    if (decoded.bits_allocated == 8) {
      copy_component(component, header.precision, decoded.is_signed, pixels + i, header.components);
    } else {
      copy_component(component, header.precision, decoded.is_signed, reinterpret_cast<uint16_t*>(pixels) + i,
                     header.components);
    }
  }
}

}  // namespace hilum::jpeg2000
