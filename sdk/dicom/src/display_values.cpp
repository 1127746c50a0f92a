// What a data set says about the values of its pixels: rescaling and windows.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <hilum/dicom/rendering.h>

#include <charconv>
#include <cmath>
#include <string_view>

namespace hilum::dicom {
namespace {

const DcmTagKey kPerFrame(0x5200, 0x9230);
const DcmTagKey kTransformation(0x0028, 0x9145);
const DcmTagKey kFrameVoiLut(0x0028, 0x9132);
const DcmTagKey kIntercept(0x0028, 0x1052);
const DcmTagKey kSlope(0x0028, 0x1053);
const DcmTagKey kCenter(0x0028, 0x1050);
const DcmTagKey kWidth(0x0028, 0x1051);
const DcmTagKey kBitsStored(0x0028, 0x0101);
const DcmTagKey kSopClass(0x0008, 0x0016);

std::optional<double> number_of(DcmItem& item, const DcmTagKey& tag) {
  OFString text;
  if (item.findAndGetOFString(tag, text, 0).bad()) return std::nullopt;
  return parse_decimal({text.data(), text.size()});
}

std::optional<std::pair<double, double>> pair_of(DcmItem& item, const DcmTagKey& first,
                                                 const DcmTagKey& second) {
  const std::optional<double> a = number_of(item, first);
  const std::optional<double> b = number_of(item, second);
  if (!a || !b) return std::nullopt;
  return std::make_pair(*a, *b);
}

// The first item of a sequence in the frame's functional groups (PS3.3 section C.7.6.16).
DcmItem* functional_group(DcmItem& data_set, uint64_t frame, const DcmTagKey& group) {
  DcmItem* of_frame = nullptr;
  DcmItem* item = nullptr;
  if (frame > INT32_MAX) return nullptr;
  if (data_set.findAndGetSequenceItem(kPerFrame, of_frame, static_cast<long>(frame)).bad()) return nullptr;
  if (of_frame == nullptr || of_frame->findAndGetSequenceItem(group, item, 0).bad()) return nullptr;
  return item;
}

// In the data set, else in the frame's group.
std::optional<std::pair<double, double>> pair_for_frame(DcmItem& data_set, uint64_t frame,
                                                        const DcmTagKey& group, const DcmTagKey& first,
                                                        const DcmTagKey& second) {
  if (auto found = pair_of(data_set, first, second)) return found;
  DcmItem* item = functional_group(data_set, frame, group);
  return item != nullptr ? pair_of(*item, first, second) : std::nullopt;
}

}  // namespace

std::optional<double> parse_decimal(std::string_view text) {
  constexpr std::string_view kPadding(" \0", 2);
  const size_t begin = text.find_first_not_of(kPadding);
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(kPadding) - begin + 1);
  if (text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = result.ec == std::errc() && result.ptr == text.data() + text.size();
  if (!whole || !std::isfinite(value)) return std::nullopt;
  return value;
}

Rescale rescale_of(DcmItem& data_set, uint64_t frame) {
  OFString sop_class;
  (void)data_set.findAndGetOFString(kSopClass, sop_class);
  if (sop_class == UID_RTDoseStorage) return {};
  const auto found = pair_for_frame(data_set, frame, kTransformation, kSlope, kIntercept);
  return found ? Rescale{found->first, found->second} : Rescale{};
}

Window window_of(DcmItem& data_set, uint64_t frame) {
  if (const auto found = pair_for_frame(data_set, frame, kFrameVoiLut, kCenter, kWidth)) {
    return {found->first, found->second};
  }
  Uint16 bits = 8;
  if (data_set.findAndGetUint16(kBitsStored, bits).bad()) bits = 8;
  const double width = std::ldexp(1.0, bits);
  return {width / 2, width};
}

}  // namespace hilum::dicom
