// DICOM JSON model and Native DICOM Model, without bulk data.
#include <dcmtk/dcmdata/dcelem.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <hilum/dicom/json.h>
#include <hilum/dicom/text.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace hilum::dicom {
namespace {

constexpr const char* kComponentGroups[] = {"Alphabetic", "Ideographic", "Phonetic"};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(separator, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

Tag tag_of(DcmObject& object) { return make_tag(object.getGTag(), object.getETag()); }

// One value of the text VRs without multiplicity, several of all others.
std::vector<std::string_view> values_of(const std::string& text, DcmEVR vr) {
  if (vr == EVR_LT || vr == EVR_ST || vr == EVR_UT || vr == EVR_UR) return {text};
  return split(text, '\\');
}

bool is_number(DcmEVR vr) {
  switch (vr) {
    case EVR_DS:
    case EVR_IS:
    case EVR_US:
    case EVR_SS:
    case EVR_UL:
    case EVR_SL:
    case EVR_FL:
    case EVR_FD:
    case EVR_UV:
    case EVR_SV:
      return true;
    default:
      return false;
  }
}

// AT has all its values here.
std::string tags_text(DcmElement& element) {
  std::string text;
  Uint16* words = nullptr;
  if (element.getUint16Array(words).bad() || words == nullptr) return text;
  for (Uint32 i = 0; i + 1 < element.getLength() / 2; i += 2) {
    if (i > 0) text += '\\';
    std::string tag = format_tag(make_tag(words[i], words[i + 1]), '\0');
    for (char& c : tag)
      if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    text += tag;
  }
  return text;
}

struct ModelValue {
  DcmEVR vr;
  const char* vr_text;
  bool has_text = false;
  std::string text;
};

ModelValue model_value(DcmElement& element, const Charset& charset) {
  ModelValue value;
  value.vr = element.getTag().getEVR();
  value.vr_text = vr_name(value.vr);
  TextOptions unlimited;
  unlimited.maximum_length = 0;
  const bool binary = value.vr == EVR_OB || value.vr == EVR_OW || value.vr == EVR_OF || value.vr == EVR_OD ||
                      value.vr == EVR_OL || value.vr == EVR_OV || value.vr == EVR_UN;
  if (binary) return value;
  if (tag_of(element) == kSpecificCharacterSet) {
    value.text = "ISO_IR 192";
  } else if (value.vr == EVR_AT) {
    value.text = tags_text(element);
  } else {
    ElementValue found = element_value(element, charset, unlimited);
    if (found.kind == ValueKind::String) value.text = std::move(found.text);
  }
  value.has_text = !value.text.empty();
  return value;
}

std::string model_tag(Tag tag) {
  std::string text = format_tag(tag, '\0');
  for (char& c : text)
    if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

// Group lengths say nothing about a model.
bool in_model(Tag tag) { return tag_element(tag) != 0; }

class JsonModel {
 public:
  explicit JsonModel(JsonWriter& json) : json_(json) {}

  void item(DcmItem& item, const Charset& inherited) {
    const Charset charset = Charset::of(item, inherited);
    json_.begin_object();
    for (DcmObject* o = item.nextInContainer(nullptr); o != nullptr; o = item.nextInContainer(o))
      if (in_model(tag_of(*o))) element(static_cast<DcmElement&>(*o), charset);
    json_.end_object();
  }

 private:
  void element(DcmElement& element, const Charset& charset) {
    json_.key(model_tag(tag_of(element)));
    json_.begin_object();
    if (element.ident() == EVR_SQ) {
      sequence(static_cast<DcmSequenceOfItems&>(element), charset);
    } else {
      const ModelValue value = model_value(element, charset);
      if (value.has_text) values(value);
      json_.member("vr", value.vr_text);
    }
    json_.end_object();
  }

  void sequence(DcmSequenceOfItems& sequence, const Charset& charset) {
    if (sequence.card() > 0) {
      json_.key("Value");
      json_.begin_array();
      for (DcmObject* o = sequence.nextInContainer(nullptr); o != nullptr; o = sequence.nextInContainer(o))
        item(static_cast<DcmItem&>(*o), charset);
      json_.end_array();
    }
    json_.member("vr", "SQ");
  }

  void values(const ModelValue& value) {
    json_.key("Value");
    json_.begin_array();
    for (std::string_view part : values_of(value.text, value.vr)) {
      if (part.empty())
        json_.null();
      else if (value.vr == EVR_PN)
        person_name(part);
      else if (is_number(value.vr))
        number(part, value.vr);
      else
        json_.string(part);
    }
    json_.end_array();
  }

  void person_name(std::string_view name) {
    const auto groups = split(name, '=');
    json_.begin_object();
    for (size_t i = 0; i < groups.size() && i < 3; ++i)
      if (!groups[i].empty()) json_.member(kComponentGroups[i], groups[i]);
    json_.end_object();
  }

  // What isn't a number after all (real files have such) stays text.
  void number(std::string_view text, DcmEVR vr) {
    const std::string trimmed(text.substr(std::min(text.find_first_not_of(' '), text.size())));
    char* end = nullptr;
    if (vr == EVR_DS || vr == EVR_FL || vr == EVR_FD) {
      const double value = std::strtod(trimmed.c_str(), &end);
      if (*end == '\0' && std::isfinite(value) && !trimmed.empty()) return json_.number(value);
    } else {
      errno = 0;
      const bool is_unsigned = vr == EVR_UV;
      const long long value = is_unsigned ? 0 : std::strtoll(trimmed.c_str(), &end, 10);
      const unsigned long long positive = is_unsigned ? std::strtoull(trimmed.c_str(), &end, 10) : 0;
      if (*end == '\0' && errno == 0 && !trimmed.empty())
        return is_unsigned ? json_.unsigned_integer(positive) : json_.integer(value);
    }
    json_.string(text);
  }

  JsonWriter& json_;
};

class XmlModel {
 public:
  explicit XmlModel(std::string& out) : out_(out) {}

  void item(DcmItem& item, const Charset& inherited) {
    const Charset charset = Charset::of(item, inherited);
    for (DcmObject* o = item.nextInContainer(nullptr); o != nullptr; o = item.nextInContainer(o))
      if (in_model(tag_of(*o))) element(static_cast<DcmElement&>(*o), charset);
  }

 private:
  void element(DcmElement& element, const Charset& charset) {
    const Tag tag = tag_of(element);
    const char* creator = element.getTag().getPrivateCreator();
    const bool sequence = element.ident() == EVR_SQ;
    const ModelValue value = sequence ? ModelValue{EVR_SQ, "SQ", false, {}} : model_value(element, charset);
    out_ += "<DicomAttribute tag=\"" + model_tag(tag) + "\" vr=\"" + value.vr_text + "\"";
    if (!is_private(tag)) attribute("keyword", tag_name(tag));
    if (creator != nullptr && *creator != '\0') attribute("privateCreator", creator);
    out_ += '>';
    if (sequence) {
      items(static_cast<DcmSequenceOfItems&>(element), charset);
    } else if (value.has_text) {
      size_t number = 0;
      for (std::string_view part : values_of(value.text, value.vr)) {
        ++number;
        if (!part.empty()) one_value(part, number, value.vr);
      }
    }
    out_ += "</DicomAttribute>";
  }

  void items(DcmSequenceOfItems& sequence, const Charset& charset) {
    size_t number = 0;
    for (DcmObject* o = sequence.nextInContainer(nullptr); o != nullptr; o = sequence.nextInContainer(o)) {
      out_ += "<Item number=\"" + std::to_string(++number) + "\">";
      item(static_cast<DcmItem&>(*o), charset);
      out_ += "</Item>";
    }
  }

  void one_value(std::string_view text, size_t number, DcmEVR vr) {
    if (vr == EVR_PN) return person_name(text, number);
    out_ += "<Value number=\"" + std::to_string(number) + "\">";
    escaped(text);
    out_ += "</Value>";
  }

  void person_name(std::string_view text, size_t number) {
    static constexpr const char* kParts[] = {"FamilyName", "GivenName", "MiddleName", "NamePrefix",
                                             "NameSuffix"};
    out_ += "<PersonName number=\"" + std::to_string(number) + "\">";
    const auto groups = split(text, '=');
    for (size_t i = 0; i < groups.size() && i < 3; ++i) {
      if (groups[i].empty()) continue;
      out_ += std::string("<") + kComponentGroups[i] + ">";
      const auto parts = split(groups[i], '^');
      for (size_t k = 0; k < parts.size() && k < 5; ++k) {
        if (parts[k].empty()) continue;
        out_ += std::string("<") + kParts[k] + ">";
        escaped(parts[k]);
        out_ += std::string("</") + kParts[k] + ">";
      }
      out_ += std::string("</") + kComponentGroups[i] + ">";
    }
    out_ += "</PersonName>";
  }

  void attribute(const char* name, std::string_view value) {
    out_ += std::string(" ") + name + "=\"";
    escaped(value);
    out_ += '"';
  }

  void escaped(std::string_view text) {
    const std::string valid = drop_invalid_utf8(text);
    for (char c : valid) {
      switch (c) {
        case '<':
          out_ += "&lt;";
          break;
        case '>':
          out_ += "&gt;";
          break;
        case '&':
          out_ += "&amp;";
          break;
        case '"':
          out_ += "&quot;";
          break;
        case '\r':
          out_ += "&#13;";
          break;
        default:
          // XML 1.0 cannot hold other control characters.
          if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out_ += c;
      }
    }
  }

  std::string& out_;
};

}  // namespace

std::string dicom_json(const ParsedInstance& instance, Encoding default_encoding) {
  std::string text;
  JsonWriter json(text);
  JsonModel(json).item(instance.data_set(), Charset(default_encoding));
  return text;
}

std::string dicom_xml(const ParsedInstance& instance, Encoding default_encoding) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
      "<NativeDicomModel xmlns=\"http://dicom.nema.org/PS3.19/models/NativeDICOM\">";
  XmlModel(text).item(instance.data_set(), Charset(default_encoding));
  return text + "</NativeDicomModel>\n";
}

}  // namespace hilum::dicom
