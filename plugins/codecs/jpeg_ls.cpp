#include "jpeg_ls.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmjpls/djcodecd.h>
#include <dcmtk/dcmjpls/djcparam.h>
#include <hilum/dicom/decoded_format.h>

#include <memory>

#include "frame_item.h"
#include "jpeg_header.h"

namespace hilum::codecs {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(HILUM_E_BAD_FORMAT, "JPEG-LS: " + why); }

const DJLSCodecParameter& parameters() {
  static const DJLSCodecParameter parameter(EJLSUC_never, EJLSPC_colorByPixel, OFTrue /* no offset table */);
  return parameter;
}

// A sequence of an empty offset table and one fragment; the sequence owns its items.
std::unique_ptr<DcmPixelSequence> sequence_of(const StoredFrame& frame) {
  auto sequence = std::make_unique<DcmPixelSequence>(DCM_PixelSequenceTag);
  auto table = std::make_unique<DcmPixelItem>(DCM_PixelItemTag);
  if (sequence->insert(table.get()).good()) (void)table.release();
  auto fragment = std::make_unique<DcmPixelItem>(DCM_PixelItemTag);
  // Values have even lengths.
  std::string padded;
  const Uint8* bytes = frame.data();
  if (frame.size() % 2 != 0) {
    padded.assign(reinterpret_cast<const char*>(bytes), frame.size()).push_back('\0');
    bytes = reinterpret_cast<const Uint8*>(padded.data());
  }
  const auto size = static_cast<Uint32>(frame.size() + frame.size() % 2);
  if (fragment->putUint8Array(bytes, size).bad() || sequence->insert(fragment.get()).bad()) {
    throw Error(HILUM_E_NO_MEMORY);
  }
  (void)fragment.release();
  return sequence;
}

}  // namespace

void decode_jpeg_ls(const StoredFrame& frame) {
  const std::optional<JpegHeader> header = read_jpeg_header(frame.data(), frame.size());
  if (!header || !header->is_jpeg_ls) refuse("there is no frame header");
  const dicom::PixelFormat decoded = dicom::decoded_format(
      frame.format(), {header->rows, header->columns, header->components, header->precision});
  // A row has one bit at least, however long its runs are.
  if (header->rows / 8 > frame.size() || frame.size() >= UINT32_MAX) {
    refuse(std::to_string(frame.size()) + " bytes cannot hold " + std::to_string(header->rows) + " rows");
  }
  uint8_t* pixels = frame.allocate(decoded);
  DcmItem item;
  describe_frame(decoded, item);
  const std::unique_ptr<DcmPixelSequence> sequence = sequence_of(frame);
  Uint32 first_fragment = 1;
  OFString color_model;
  const OFCondition result =
      DJLSNearLosslessDecoder().decodeFrame(nullptr, sequence.get(), &parameters(), &item, 0, first_fragment,
                                            pixels, static_cast<Uint32>(decoded.frame_size()), color_model);
  if (result.bad()) refuse(result.text());
}

}  // namespace hilum::codecs
