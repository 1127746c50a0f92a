#include "icons.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/error.h>

#include "raw_frame.h"

namespace hilum::dicom {
namespace {

constexpr unsigned long kLargestIcon = 64ul << 20;  // bytes, compressed

// The fragments one after the other: an icon is one frame.
std::string fragments_of(DcmPixelSequence& sequence) {
  std::string bytes;
  for (unsigned long i = 1; i < sequence.card(); ++i) {
    DcmPixelItem* item = nullptr;
    Uint8* data = nullptr;
    if (sequence.getItem(item, i).bad() || item == nullptr) continue;
    const Uint32 length = item->getLength();
    if (length > kLargestIcon - bytes.size()) throw Error(HILUM_E_TOO_LARGE, "an icon of more than 64 MB");
    if (length > 0 && (item->getUint8Array(data).bad() || data == nullptr))
      throw Error(HILUM_E_BAD_FORMAT, "an icon without its bytes");
    if (length > 0) bytes.append(reinterpret_cast<const char*>(data), length);
  }
  return bytes;
}

void decode_icon(DcmItem& item, DcmPixelSequence& sequence, std::string_view transfer_syntax,
                 const FrameCodecs& codecs) {
  PixelFormat format = pixel_format(item);
  if (format.frames != 1) throw Error(HILUM_E_NOT_IMPLEMENTED, "an icon with several frames");
  DecodedFrame frame = codecs.decode(transfer_syntax, format, fragments_of(sequence));
  describe_pixels(item, frame.format);
  if (frame.pixels.size() % 2 != 0) frame.pixels.push_back('\0');
  auto pixels = std::make_unique<DcmPixelData>(DCM_PixelData);
  OFCondition result;
  if (frame.format.bits_allocated > 8) {
    pixels->setVR(EVR_OW);
    result = pixels->putUint16Array(reinterpret_cast<const Uint16*>(frame.pixels.data()),
                                    static_cast<unsigned long>(frame.pixels.size() / 2));
  } else {
    pixels->setVR(EVR_OB);
    result = pixels->putUint8Array(reinterpret_cast<const Uint8*>(frame.pixels.data()),
                                   static_cast<unsigned long>(frame.pixels.size()));
  }
  if (result.bad() || item.insert(pixels.get(), OFTrue).bad()) throw Error(HILUM_E_NO_MEMORY);
  (void)pixels.release();
}

}  // namespace

// The depth is that of the guard in front of the parser (kMaximumNesting).
void decode_icons(DcmItem& data_set, std::string_view transfer_syntax, const FrameCodecs& codecs) {
  for (unsigned long i = 0; i < data_set.card(); ++i) {
    DcmElement* element = data_set.getElement(i);
    if (auto* pixels = dynamic_cast<DcmPixelData*>(element)) {
      E_TransferSyntax syntax = EXS_Unknown;
      const DcmRepresentationParameter* parameter = nullptr;
      pixels->getOriginalRepresentationKey(syntax, parameter);
      DcmPixelSequence* sequence = nullptr;
      if (pixels->getEncapsulatedRepresentation(syntax, parameter, sequence).bad() || sequence == nullptr)
        continue;
      decode_icon(data_set, *sequence, transfer_syntax, codecs);
    } else if (auto* sequence = dynamic_cast<DcmSequenceOfItems*>(element)) {
      for (unsigned long k = 0; k < sequence->card(); ++k)
        decode_icons(*sequence->getItem(k), transfer_syntax, codecs);
    }
  }
}

}  // namespace hilum::dicom
