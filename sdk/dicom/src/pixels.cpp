#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/pixels.h>
#include <hilum/dicom/tag.h>

#include <charconv>
#include <optional>

namespace hilum::dicom {
namespace {

constexpr Tag kSamplesPerPixel = 0x00280002;
constexpr Tag kPhotometricInterpretation = 0x00280004;
constexpr Tag kPlanarConfiguration = 0x00280006;
constexpr Tag kNumberOfFrames = 0x00280008;
constexpr Tag kRows = 0x00280010;
constexpr Tag kColumns = 0x00280011;
constexpr Tag kBitsAllocated = 0x00280100;
constexpr Tag kBitsStored = 0x00280101;
constexpr Tag kHighBit = 0x00280102;
constexpr Tag kPixelRepresentation = 0x00280103;

DcmElement* element_of(DcmItem& item, Tag tag) {
  DcmElement* element = nullptr;
  (void)item.findAndGetElement(DcmTagKey(tag_group(tag), tag_element(tag)), element);
  return element != nullptr && element->getLength() > 0 ? element : nullptr;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kPadding(" \0", 2);
  const size_t begin = text.find_first_not_of(kPadding);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kPadding) - begin + 1);
}

std::string first_text(DcmElement& element) {
  OFString text;
  if (element.getOFString(text, 0).bad()) return {};
  return std::string(trimmed({text.data(), text.size()}));
}

// The first number of a value whatever VR it was written with.
std::optional<int64_t> first_number(DcmElement& element) {
  Uint16 unsigned_short = 0;
  Sint16 signed_short = 0;
  switch (element.ident()) {
    case EVR_US:
    case EVR_xs:
      if (element.getUint16(unsigned_short, 0).good()) return unsigned_short;
      return std::nullopt;
    case EVR_SS:
      if (element.getSint16(signed_short, 0).good()) return signed_short;
      return std::nullopt;
    case EVR_UN:
    case EVR_OB: {
      Uint8* bytes = nullptr;
      if (element.getLength() < 2 || element.getUint8Array(bytes).bad() || bytes == nullptr)
        return std::nullopt;
      return bytes[0] | (bytes[1] << 8);
    }
    default:
      break;
  }
  const std::string text = first_text(element);
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  int64_t number = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (result.ec != std::errc() || result.ptr != digits.data() + digits.size()) return std::nullopt;
  return number;
}

[[noreturn]] void refuse(Tag tag, const std::string& what) {
  throw Error(HILUM_E_BAD_FORMAT, tag_name(tag) + " (" + format_tag(tag) + ") " + what);
}

std::optional<uint32_t> optional_short(DcmItem& item, Tag tag) {
  DcmElement* element = element_of(item, tag);
  if (element == nullptr) return std::nullopt;
  const std::optional<int64_t> number = first_number(*element);
  if (!number || *number < 0 || *number > UINT16_MAX) refuse(tag, "is no number from 0 to 65535");
  return static_cast<uint32_t>(*number);
}

uint32_t required_short(DcmItem& item, Tag tag) {
  const std::optional<uint32_t> number = optional_short(item, tag);
  if (!number) refuse(tag, "is missing");
  return *number;
}

void check(const PixelFormat& format) {
  switch (format.bits_allocated) {
    case 1:
    case 8:
    case 16:
    case 24:
    case 32:
    case 64:
      break;
    default:
      refuse(kBitsAllocated, "is " + std::to_string(format.bits_allocated) + ", not 1, 8, 16, 24, 32 or 64");
  }
  if (format.samples_per_pixel == 0) refuse(kSamplesPerPixel, "is 0");
  if (format.bits_stored == 0 || format.bits_stored > format.bits_allocated) {
    refuse(kBitsStored, "is " + std::to_string(format.bits_stored) + " of " +
                            std::to_string(format.bits_allocated) + " allocated bits");
  }
  if (format.high_bit >= format.bits_allocated || format.high_bit + 1 < format.bits_stored) {
    refuse(kHighBit, "is " + std::to_string(format.high_bit) + " for " + std::to_string(format.bits_stored) +
                         " stored of " + std::to_string(format.bits_allocated) + " allocated bits");
  }
}

}  // namespace

uint64_t frame_count(DcmItem& data_set) {
  DcmElement* element = element_of(data_set, kNumberOfFrames);
  if (element == nullptr || first_text(*element).empty()) return 1;
  const std::optional<int64_t> number = first_number(*element);
  if (!number || *number < 0 || *number > INT32_MAX) refuse(kNumberOfFrames, "is no number of frames");
  return static_cast<uint64_t>(*number);
}

uint64_t PixelFormat::frame_size() const {
  // Two pixels share their chroma samples (PS3.3 section C.7.6.3.1.2).
  const uint64_t samples = is_subsampled() ? 2 : samples_per_pixel;
  uint64_t bits = 0;
  if (__builtin_mul_overflow(uint64_t{rows}, uint64_t{columns}, &bits) ||
      __builtin_mul_overflow(bits, samples, &bits) ||
      __builtin_mul_overflow(bits, uint64_t{bits_allocated}, &bits)) {
    return UINT64_MAX;
  }
  return bits / 8 + (bits % 8 != 0 ? 1 : 0);
}

PixelFormat pixel_format(DcmItem& data_set) {
  PixelFormat format;
  format.rows = required_short(data_set, kRows);
  format.columns = required_short(data_set, kColumns);
  format.bits_allocated = required_short(data_set, kBitsAllocated);
  format.samples_per_pixel = optional_short(data_set, kSamplesPerPixel).value_or(1);
  format.bits_stored = optional_short(data_set, kBitsStored).value_or(format.bits_allocated);
  format.high_bit = optional_short(data_set, kHighBit).value_or(format.bits_stored - 1);
  format.is_signed = optional_short(data_set, kPixelRepresentation).value_or(0) != 0;
  format.is_planar =
      format.samples_per_pixel > 1 && optional_short(data_set, kPlanarConfiguration).value_or(0) == 1;
  format.frames = frame_count(data_set);
  if (DcmElement* element = element_of(data_set, kPhotometricInterpretation)) {
    format.photometric = first_text(*element);
  }
  check(format);
  return format;
}

}  // namespace hilum::dicom
