#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcelem.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <dcmtk/dcmdata/dcvrobow.h>
#include <dcmtk/dcmdata/dcvrsv.h>
#include <dcmtk/dcmdata/dcvruv.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/edit.h>
#include <hilum/dicom/structure.h>
#include <hilum/dicom/tag_path.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <vector>

namespace hilum::dicom {
namespace {

DcmTagKey key_of(Tag tag) { return DcmTagKey(tag_group(tag), tag_element(tag)); }

// A value of the 16-bit lengths of explicit VR (PS3.5 section 7.1.2).
constexpr size_t kLongestShortValue = 65534;

[[noreturn]] void bad_value(Tag tag, std::string_view value) {
  throw Error(HILUM_E_BAD_FORMAT, "While creating a DICOM instance, tag (" + format_tag(tag) +
                                      ") has out-of-range value: \"" + std::string(value.substr(0, 64)) +
                                      "\"");
}

DcmElement* find_element(DcmItem& item, Tag tag) {
  DcmElement* element = nullptr;
  return item.findAndGetElement(key_of(tag), element).good() ? element : nullptr;
}

std::string creator_in(DcmItem& item, Tag tag) {
  const Tag block = make_tag(tag_group(tag), static_cast<uint16_t>(tag_element(tag) >> 8));
  OFString creator;
  if (!is_private_creator(block) || item.findAndGetOFString(key_of(block), creator).bad()) return {};
  return std::string(creator.c_str());
}

bool is_signed(DcmItem& item) {
  Uint16 representation = 0;
  return item.findAndGetUint16(DCM_PixelRepresentation, representation).good() && representation == 1;
}

// By the dictionary; what it does not know keeps the VR that it has in the data set.
DcmEVR vr_for(DcmItem& item, Tag tag, const EditOptions& options, std::string& creator) {
  if (is_private_creator(tag)) return EVR_LO;
  DcmEVR vr = EVR_UN;
  if (is_private(tag)) {
    // Without its creator, a private tag has no meaning in the dictionary.
    creator = options.private_creator;
    if (!creator.empty()) vr = dictionary_vr(tag, creator);
    if (vr == EVR_UN) {
      creator = creator_in(item, tag);
      if (!creator.empty()) vr = dictionary_vr(tag, creator);
    }
  } else {
    vr = dictionary_vr(tag);
  }
  if (vr == EVR_UN) {
    if (DcmElement* present = find_element(item, tag)) vr = present->ident();
  }
  switch (vr) {
    case EVR_xs:
      return is_signed(item) ? EVR_SS : EVR_US;
    case EVR_ox:
    case EVR_px:
    case EVR_lt:
    case EVR_PixelData:
    case EVR_OverlayData:
      return EVR_OW;
    case EVR_up:
      return EVR_UL;
    case EVR_na:
    case EVR_UNKNOWN:
    case EVR_UNKNOWN2B:
    case EVR_pixelSQ:
      return EVR_UN;
    default:
      return vr;
  }
}

std::unique_ptr<DcmElement> new_element(Tag tag, DcmEVR vr, const std::string& creator = {}) {
  DcmTag dcmtk(key_of(tag), DcmVR(vr));
  if (!creator.empty()) dcmtk.setPrivateCreator(creator.c_str());
  // Not newDicomElement(), which takes the dictionary's VR.
  if (vr == EVR_UN) return std::make_unique<DcmOtherByteOtherWord>(dcmtk);
  DcmElement* element = nullptr;
  if (DcmItem::newDicomElementWithVR(element, dcmtk).bad() || element == nullptr) {
    throw Error(HILUM_E_BAD_FORMAT, "tag (" + format_tag(tag) + ") cannot be set");
  }
  return std::unique_ptr<DcmElement>(element);
}

void insert(DcmItem& item, std::unique_ptr<DcmElement> element, Tag tag) {
  if (item.insert(element.get(), OFTrue /* replace */).bad()) {
    throw Error(HILUM_E_BAD_FORMAT, "tag (" + format_tag(tag) + ") cannot be set");
  }
  (void)element.release();
}

std::vector<std::string_view> values_of(std::string_view text) {
  std::vector<std::string_view> values;
  for (size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\')) {
    values.push_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  values.push_back(text);
  return values;
}

std::string_view strip(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// All values, or an error that names the tag.
template <typename Number>
std::vector<Number> numbers_of(Tag tag, std::string_view text) {
  std::vector<Number> numbers;
  if (strip(text).empty()) return numbers;
  for (std::string_view value : values_of(text)) {
    value = strip(value);
    if (!value.empty() && value.front() == '+') value.remove_prefix(1);
    Number number{};
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (value.empty() || error != std::errc() || end != value.data() + value.size()) bad_value(tag, text);
    numbers.push_back(number);
  }
  return numbers;
}

template <typename Number>
void put_numbers(DcmElement& element, Tag tag, std::string_view text,
                 OFCondition (DcmElement::*put)(const Number*, unsigned long)) {
  const std::vector<Number> numbers = numbers_of<Number>(tag, text);
  if (numbers.empty()) return;
  const size_t bytes = numbers.size() * sizeof(Number);
  const bool long_form = element.ident() == EVR_OF || element.ident() == EVR_OD ||
                         element.ident() == EVR_OL || element.ident() == EVR_OV ||
                         element.ident() == EVR_SV || element.ident() == EVR_UV;
  if (!long_form && bytes > kLongestShortValue) bad_value(tag, text);
  if ((element.*put)(numbers.data(), static_cast<unsigned long>(numbers.size())).bad()) bad_value(tag, text);
}

// UV and SV: DCMTK has their arrays in the classes alone.
template <typename Number, typename Class>
void put_long_numbers(DcmElement& element, Tag tag, std::string_view text,
                      OFCondition (Class::*put)(const Number*, unsigned long)) {
  const std::vector<Number> numbers = numbers_of<Number>(tag, text);
  if (numbers.empty()) return;
  auto& values = dynamic_cast<Class&>(element);
  if ((values.*put)(numbers.data(), static_cast<unsigned long>(numbers.size())).bad()) bad_value(tag, text);
}

void put_tags(DcmElement& element, std::string_view text) {
  std::vector<Uint16> words;
  if (strip(text).empty()) return;
  for (std::string_view value : values_of(text)) {
    const Tag tag = parse_client_tag(value);
    words.push_back(tag_group(tag));
    words.push_back(tag_element(tag));
  }
  (void)element.putUint16Array(words.data(), static_cast<unsigned long>(words.size() / 2));
}

void put_bytes(DcmElement& element, std::string bytes) {
  if (bytes.size() % 2 != 0) bytes += '\0';
  if (bytes.empty()) return;
  OFCondition result;
  if (element.getTag().getEVR() == EVR_OW) {
    std::vector<Uint16> words(bytes.size() / 2);
    std::memcpy(words.data(), bytes.data(), bytes.size());
    result = element.putUint16Array(words.data(), static_cast<unsigned long>(words.size()));
  } else {
    result = element.putUint8Array(reinterpret_cast<const Uint8*>(bytes.data()),
                                   static_cast<unsigned long>(bytes.size()));
  }
  if (result.bad()) throw Error(HILUM_E_BAD_FORMAT, std::string("binary value refused: ") + result.text());
}

void put_chars(DcmElement& element, Tag tag, std::string_view utf8, const Charset& charset) {
  const DcmEVR vr = element.ident();
  utf8 = utf8.substr(0, utf8.find('\0'));
  const std::string text = charset.from_utf8(utf8, vr == EVR_PN);
  const bool long_form = vr == EVR_UC || vr == EVR_UR || vr == EVR_UT;
  if (!long_form && text.size() > kLongestShortValue) bad_value(tag, utf8);
  if (element.putString(text.data(), static_cast<Uint32>(text.size())).bad()) bad_value(tag, utf8);
}

void put_string(DcmElement& element, Tag tag, const std::string& text, const Charset& charset,
                const EditOptions& options) {
  switch (element.getTag().getEVR()) {
    case EVR_US:
      return put_numbers<Uint16>(element, tag, text, &DcmElement::putUint16Array);
    case EVR_SS:
      return put_numbers<Sint16>(element, tag, text, &DcmElement::putSint16Array);
    case EVR_UL:
      return put_numbers<Uint32>(element, tag, text, &DcmElement::putUint32Array);
    case EVR_OL:
      return put_numbers<Uint32>(element, tag, text, &DcmElement::putUint32Array);
    case EVR_SL:
      return put_numbers<Sint32>(element, tag, text, &DcmElement::putSint32Array);
    case EVR_UV:
      return put_long_numbers<Uint64, DcmUnsigned64bitVeryLong>(element, tag, text,
                                                                &DcmUnsigned64bitVeryLong::putUint64Array);
    case EVR_SV:
      return put_long_numbers<Sint64, DcmSigned64bitVeryLong>(element, tag, text,
                                                              &DcmSigned64bitVeryLong::putSint64Array);
    case EVR_FL:
    case EVR_OF:
      return put_numbers<Float32>(element, tag, text, &DcmElement::putFloat32Array);
    case EVR_FD:
    case EVR_OD:
      return put_numbers<Float64>(element, tag, text, &DcmElement::putFloat64Array);
    case EVR_AT:
      return put_tags(element, text);
    case EVR_OB:
    case EVR_OW:
    case EVR_UN:
    case EVR_OV:
      return put_bytes(element,
                       options.decode_data_uris && is_data_uri(text) ? parse_data_uri(text).bytes : text);
    default:
      return put_chars(element, tag, text, charset);
  }
}

void set_value(DcmItem& item, Tag tag, const Json::Value& value, const Charset& charset,
               const EditOptions& options, int depth);

void set_sequence(DcmItem& item, Tag tag, const Json::Value& value, const Charset& charset,
                  const EditOptions& options, int depth, const std::string& creator) {
  if (value.isString() || value.isNull()) {
    throw Error(HILUM_E_BAD_FORMAT,
                "Tag " + format_tag(tag) + " is a sequence: an array of objects is expected");
  }
  if (!value.isArray()) {
    throw Error(HILUM_E_BAD_TYPE,
                "Bad Parameter type for tag " + format_tag(tag) + ": an array of objects is expected");
  }
  if (depth >= kMaximumNesting) throw Error(HILUM_E_BAD_FORMAT, "the sequences are nested too deeply");
  std::unique_ptr<DcmElement> element = new_element(tag, EVR_SQ, creator);
  auto& sequence = static_cast<DcmSequenceOfItems&>(*element);
  for (const Json::Value& members : value) {
    if (!members.isObject()) {
      throw Error(HILUM_E_BAD_TYPE,
                  "Bad Parameter type for tag " + format_tag(tag) + ": its items must be objects");
    }
    auto nested = std::make_unique<DcmItem>();
    for (auto member = members.begin(); member != members.end(); ++member) {
      set_value(*nested, parse_client_tag(member.name()), *member, charset, options, depth + 1);
    }
    if (sequence.append(nested.get()).good()) (void)nested.release();
  }
  insert(item, std::move(element), tag);
}

void set_value(DcmItem& item, Tag tag, const Json::Value& value, const Charset& charset,
               const EditOptions& options, int depth) {
  if (tag_element(tag) == 0 || tag_group(tag) == 0 || tag_group(tag) == 2 || tag_group(tag) == 0xfffe) return;
  std::string creator;
  const DcmEVR vr = vr_for(item, tag, options, creator);
  if (vr == EVR_SQ) return set_sequence(item, tag, value, charset, options, depth, creator);
  if (!value.isString() && !value.isNull()) {
    throw Error(HILUM_E_BAD_TYPE,
                "Bad Parameter type for tag " + format_tag(tag) + ": a string or null is expected");
  }
  std::unique_ptr<DcmElement> element = new_element(tag, vr, creator);
  if (value.isString()) put_string(*element, tag, value.asString(), charset, options);
  insert(item, std::move(element), tag);
}

bool has_charset(DcmEVR vr) {
  return vr == EVR_LO || vr == EVR_LT || vr == EVR_PN || vr == EVR_SH || vr == EVR_ST || vr == EVR_UC ||
         vr == EVR_UT;
}

void convert_texts(DcmItem& item, const Charset& inherited, const Charset& to) {
  const Charset from = Charset::of(item, inherited);
  for (DcmObject* o = item.nextInContainer(nullptr); o != nullptr; o = item.nextInContainer(o)) {
    auto& element = static_cast<DcmElement&>(*o);
    if (element.ident() == EVR_SQ) {
      auto& sequence = static_cast<DcmSequenceOfItems&>(element);
      for (DcmObject* i = sequence.nextInContainer(nullptr); i != nullptr; i = sequence.nextInContainer(i)) {
        convert_texts(static_cast<DcmItem&>(*i), from, to);
        remove_element(static_cast<DcmItem&>(*i), kSpecificCharacterSet);
      }
      continue;
    }
    char* raw = nullptr;
    if (!has_charset(element.ident()) || element.getString(raw).bad() || raw == nullptr || is_ascii(raw))
      continue;
    const bool name = element.ident() == EVR_PN;
    const std::string converted = to.from_utf8(from.to_utf8(raw, name), name);
    (void)element.putString(converted.data(), static_cast<Uint32>(converted.size()));
  }
}

}  // namespace

void set_json_value(DcmItem& item, Tag tag, const Json::Value& value, const Charset& charset,
                    const EditOptions& options) {
  set_value(item, tag, value, charset, options, 0);
}

void check_json_value(Tag tag, const Json::Value& value, const EditOptions& options) {
  DcmItem item;
  // Numbers that are signed or not as the pixels are: here, as the value needs it.
  if (value.isString() && value.asString().find('-') != std::string::npos) {
    (void)item.putAndInsertUint16(DCM_PixelRepresentation, 1);
  }
  set_value(item, tag, value, Charset(Encoding::Utf8), options, 0);
}

void set_text(DcmItem& item, Tag tag, std::string_view utf8, const Charset& charset) {
  std::string creator;
  std::unique_ptr<DcmElement> element = new_element(tag, vr_for(item, tag, {}, creator));
  put_chars(*element, tag, utf8, charset);
  insert(item, std::move(element), tag);
}

void set_bytes(DcmItem& item, Tag tag, DcmEVR vr, std::string_view bytes) {
  std::unique_ptr<DcmElement> element = new_element(tag, vr);
  put_bytes(*element, std::string(bytes));
  insert(item, std::move(element), tag);
}

bool remove_element(DcmItem& item, Tag tag) { return item.findAndDeleteElement(key_of(tag)).good(); }

void empty_element(DcmItem& item, Tag tag) {
  DcmElement* element = find_element(item, tag);
  if (element == nullptr) return;
  std::string creator;
  if (const char* known = element->getTag().getPrivateCreator()) creator = known;
  DcmEVR vr = element->ident();
  if (vr == EVR_pixelSQ || vr == EVR_PixelData) vr = EVR_OW;
  insert(item, new_element(tag, vr, creator), tag);
}

bool has_element(DcmItem& item, Tag tag) { return item.tagExists(key_of(tag)); }

bool is_representable(const Json::Value& value, const Charset& charset) {
  if (value.isString()) {
    const std::string text = value.asString();
    return is_ascii(text) || charset.to_utf8(charset.from_utf8(text)) == text;
  }
  return std::all_of(value.begin(), value.end(),
                     [&](const Json::Value& member) { return is_representable(member, charset); });
}

void change_charset(DcmDataset& data_set, Encoding default_encoding,
                    std::string_view specific_character_set) {
  convert_texts(data_set, Charset(default_encoding),
                Charset::from_value(specific_character_set, default_encoding));
  set_text(data_set, kSpecificCharacterSet, specific_character_set, Charset(Encoding::Ascii));
}

}  // namespace hilum::dicom
