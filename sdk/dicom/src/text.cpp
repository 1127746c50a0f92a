#include <dcmtk/dcmdata/dcelem.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <hilum/dicom/text.h>

#include <cstdio>
#include <cstring>

namespace hilum::dicom {
namespace {

ElementValue text_value(std::string text, const TextOptions& options) {
  if (options.maximum_length != 0 && text.size() > options.maximum_length) return {ValueKind::TooLong, {}};
  return {ValueKind::String, std::move(text)};
}

ElementValue string_value(DcmElement& element, const Charset& charset, const TextOptions& options) {
  char* raw = nullptr;
  if (element.getString(raw).bad()) return {};
  if (raw == nullptr) return {ValueKind::String, {}};
  // DCMTK has taken the padding away; the ids of instances depend on leaving it at that.
  return text_value(charset.to_utf8(raw, element.ident() == EVR_PN), options);
}

void append_value(std::string& text, double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.17g", value);
  text += buffer;
}

template <typename Number, typename = std::enable_if_t<std::is_integral_v<Number>>>
void append_value(std::string& text, Number value) {
  text += std::to_string(value);
}

// Numbers joined by '\'; stops as soon as the text is too long.
template <typename Number>
ElementValue numbers(DcmElement& element, OFCondition (DcmElement::*get)(Number*&),
                     const TextOptions& options) {
  const size_t count = element.getLength() / sizeof(Number);
  if (count == 0) return {};
  // At least one digit and a separator each: don't load what cannot fit.
  if (options.maximum_length != 0 && 2 * count - 1 > options.maximum_length) return {ValueKind::TooLong, {}};
  Number* values = nullptr;
  if ((element.*get)(values).bad() || values == nullptr) return {};
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += '\\';
    append_value(text, values[i]);
    if (options.maximum_length != 0 && text.size() > options.maximum_length) return {ValueKind::TooLong, {}};
  }
  return {ValueKind::String, std::move(text)};
}

// AT: the first value only, as clients know it.
ElementValue tag_value(DcmElement& element) {
  Uint16* words = nullptr;
  if (element.getLength() < 4 || element.getUint16Array(words).bad() || words == nullptr) return {};
  return {ValueKind::String, format_tag(make_tag(words[0], words[1]))};
}

ElementValue bytes_value(DcmElement& element, const TextOptions& options) {
  if (!options.keep_binary || element.getLength() == 0) return {};
  Uint8* bytes = nullptr;
  if (element.getUint8Array(bytes).bad() || bytes == nullptr) return {};
  return {ValueKind::Binary, std::string(reinterpret_cast<const char*>(bytes), element.getLength())};
}

// UN: perhaps the dictionary knows that it is text (the sender didn't).
ElementValue unknown_value(DcmElement& element, const Charset& charset, const TextOptions& options) {
  const DcmTag& key = element.getTag();
  const Tag tag = make_tag(key.getGTag(), key.getETag());
  const char* creator = key.getPrivateCreator();
  const DcmEVR vr = is_private_creator(tag) ? EVR_LO : dictionary_vr(tag, creator == nullptr ? "" : creator);
  if (!is_text_vr(vr) || element.getLength() > (options.maximum_length == 0 ? UINT32_MAX : 65536))
    return bytes_value(element, options);
  Uint8* raw = nullptr;
  if (element.getLength() == 0) return {ValueKind::String, {}};
  if (element.getUint8Array(raw).bad() || raw == nullptr) return {};
  // Spaces stay: clients know such values, and the ids made of them, that way.
  std::string_view bytes(reinterpret_cast<const char*>(raw), element.getLength());
  bytes = bytes.substr(0, bytes.find('\0'));
  if (is_private(tag) && !is_ascii(bytes)) return bytes_value(element, options);
  return text_value(charset.to_utf8(bytes, vr == EVR_PN), options);
}

}  // namespace

bool is_text_vr(DcmEVR vr) {
  switch (vr) {
    case EVR_AE:
    case EVR_AS:
    case EVR_CS:
    case EVR_DA:
    case EVR_DS:
    case EVR_DT:
    case EVR_IS:
    case EVR_LO:
    case EVR_LT:
    case EVR_PN:
    case EVR_SH:
    case EVR_ST:
    case EVR_TM:
    case EVR_UC:
    case EVR_UI:
    case EVR_UR:
    case EVR_UT:
      return true;
    default:
      return false;
  }
}

ElementValue element_value(DcmElement& element, const Charset& charset, const TextOptions& options) {
  if (!element.isLeaf()) {
    // Encapsulated pixel data isn't a leaf for DCMTK, but nothing that one could list either.
    return {element.ident() == EVR_SQ ? ValueKind::Sequence : ValueKind::Null, {}};
  }
  const DcmEVR vr = element.getTag().getEVR();
  if (vr == EVR_UN) return unknown_value(element, charset, options);
  if (is_text_vr(element.ident())) return string_value(element, charset, options);
  switch (vr) {
    case EVR_US:
      return numbers<Uint16>(element, &DcmElement::getUint16Array, options);
    case EVR_SS:
      return numbers<Sint16>(element, &DcmElement::getSint16Array, options);
    case EVR_UL:
    case EVR_up:
      return numbers<Uint32>(element, &DcmElement::getUint32Array, options);
    case EVR_SL:
      return numbers<Sint32>(element, &DcmElement::getSint32Array, options);
    case EVR_FL:
    case EVR_OF:
      return numbers<Float32>(element, &DcmElement::getFloat32Array, options);
    case EVR_FD:
    case EVR_OD:
      return numbers<Float64>(element, &DcmElement::getFloat64Array, options);
    case EVR_OL:
      return numbers<Uint32>(element, &DcmElement::getUint32Array, options);
    case EVR_UV:
      return numbers<Uint64>(element, &DcmElement::getUint64Array, options);
    case EVR_SV:
      return numbers<Sint64>(element, &DcmElement::getSint64Array, options);
    case EVR_AT:
      return tag_value(element);
    default:
      return bytes_value(element, options);  // OB OW OV, ambiguous ones (US or SS in implicit VR)
  }
}

std::optional<std::string> text_of(DcmItem& item, Tag tag, const Charset& charset) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(DcmTagKey(tag_group(tag), tag_element(tag)), element).bad() ||
      element == nullptr)
    return std::nullopt;
  TextOptions options;
  options.maximum_length = 0;
  ElementValue value = element_value(*element, charset, options);
  if (value.kind != ValueKind::String) return std::nullopt;
  return std::move(value.text);
}

}  // namespace hilum::dicom
