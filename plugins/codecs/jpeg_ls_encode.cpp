#include "jpeg_ls_encode.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpls/djcodece.h>
#include <dcmtk/dcmjpls/djcparam.h>
#include <dcmtk/dcmjpls/djrparam.h>

#include <memory>
#include <string>

#include "frame_item.h"

namespace hilum::codecs {
namespace {

constexpr std::string_view kNearLossless = "1.2.840.10008.1.2.4.81";
constexpr Uint16 kDeviation = 2;  // of a sample, in near-lossless mode

[[noreturn]] void cannot(const std::string& why) { throw Error(HILUM_E_NOT_IMPLEMENTED, "JPEG-LS: " + why); }

void check(const RawFrame& frame, bool near_lossless) {
  const dicom::PixelFormat& format = frame.format();
  if (format.bits_allocated > 16) cannot("samples of more than 16 bits are not encoded");
  if (format.samples_per_pixel != 1 && format.samples_per_pixel != 3)
    cannot("images of " + std::to_string(format.samples_per_pixel) + " samples are not encoded");
  if (frame.size() > INT32_MAX) throw Error(HILUM_E_TOO_LARGE, "JPEG-LS: a frame of more than 2 GB");
  // Colors of odd sizes (3x3) ended in a damaged heap when tried: not offered until the cause is known.
  if (near_lossless && format.samples_per_pixel != 1) cannot("colors are not encoded with loss");
  if (near_lossless && format.photometric == "PALETTE COLOR")
    cannot("indexes of a palette are not encoded with loss");
}

// One frame with its pixels, as DCMTK's codec classes want it.
void fill(const RawFrame& frame, DcmDataset& data_set) {
  describe_frame(frame.format(), data_set);
  auto pixels = std::make_unique<DcmPixelData>(DCM_PixelData);
  pixels->setVR(EVR_OW);
  // Values have even lengths.
  std::string padded;
  const Uint8* bytes = frame.pixels();
  if (frame.size() % 2 != 0) {
    padded.assign(reinterpret_cast<const char*>(bytes), frame.size()).push_back('\0');
    bytes = reinterpret_cast<const Uint8*>(padded.data());
  }
  const auto words = static_cast<unsigned long>((frame.size() + 1) / 2);
  if (pixels->putUint16Array(reinterpret_cast<const Uint16*>(bytes), words).bad() ||
      data_set.insert(pixels.get()).bad()) {
    throw Error(HILUM_E_NO_MEMORY);
  }
  (void)pixels.release();
}

void write(DcmPixelSequence& sequence, const RawFrame& frame) {
  DcmPixelItem* item = nullptr;
  Uint8* bytes = nullptr;
  // Item 0 is the offset table.
  if (sequence.card() != 2 || sequence.getItem(item, 1).bad() || item->getUint8Array(bytes).bad() ||
      bytes == nullptr) {
    throw Error(HILUM_E_INTERNAL, "JPEG-LS: the encoder gives no fragment");
  }
  frame.write(bytes, item->getLength());
}

}  // namespace

void encode_jpeg_ls(const RawFrame& frame) {
  const bool near_lossless = frame.transfer_syntax() == kNearLossless;
  check(frame, near_lossless);
  DcmDataset data_set;
  fill(frame, data_set);
  DcmElement* pixels = nullptr;
  (void)data_set.findAndGetElement(DCM_PixelData, pixels);
  Uint16* words = nullptr;
  if (pixels == nullptr || pixels->getUint16Array(words).bad()) throw Error(HILUM_E_INTERNAL);
  DcmStack stack;
  stack.push(&data_set);
  stack.push(pixels);
  // All allocated bits, or the stored ones if some are lost anyway; components of a pixel stay together.
  const DJLSCodecParameter parameter(near_lossless, 0, 0, 0, 0, 0, OFFalse, EJLSUC_never, OFFalse,
                                     EJLSPC_restore, OFFalse, DJLSCodecParameter::interleaveLine);
  const DJLSRepresentationParameter representation(kDeviation, near_lossless ? OFFalse : OFTrue);
  DcmPixelSequence* sequence = nullptr;
  OFBool removed = OFFalse;
  const Uint32 length = pixels->getLength();
  const OFCondition result = near_lossless
                                 ? DJLSNearLosslessEncoder().encode(words, length, &representation, sequence,
                                                                    &parameter, stack, removed)
                                 : DJLSLosslessEncoder().encode(words, length, &representation, sequence,
                                                                &parameter, stack, removed);
  const std::unique_ptr<DcmPixelSequence> owned(sequence);
  if (result.bad() || sequence == nullptr)
    throw Error(HILUM_E_IMAGE_FORMAT, std::string("JPEG-LS: ") + result.text());
  write(*sequence, frame);
}

}  // namespace hilum::codecs
