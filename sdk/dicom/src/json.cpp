#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcmetinf.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <hilum/dicom/json.h>
#include <hilum/dicom/text.h>

#include <algorithm>

namespace hilum::dicom {
namespace {

Tag tag_of(DcmObject& object) { return make_tag(object.getGTag(), object.getETag()); }

std::string_view creator_of(DcmObject& object) {
  const char* creator = object.getTag().getPrivateCreator();
  return creator == nullptr ? std::string_view() : creator;
}

// Writes data sets in one format. Sequences recurse; what the parser lets through is bounded by
// kMaximumNesting.
class TagsWriter {
 public:
  TagsWriter(JsonWriter& json, const JsonOptions& options) : json_(json), options_(options) {
    ignore_length_ = options.ignore_length;
    std::sort(ignore_length_.begin(), ignore_length_.end());
  }

  void item(DcmItem& item, const Charset& inherited, bool top, bool pixel_data_left_out) {
    const Charset charset = Charset::of(item, inherited);
    json_.begin_object();
    if (options_.format == JsonFormat::Simplified)
      by_name(item, charset, top, pixel_data_left_out);
    else
      by_tag(item, charset, top, pixel_data_left_out);
    json_.end_object();
  }

  void items_of(DcmSequenceOfItems& sequence, const Charset& charset) {
    json_.begin_array();
    for (DcmObject* o = sequence.nextInContainer(nullptr); o != nullptr; o = sequence.nextInContainer(o))
      item(static_cast<DcmItem&>(*o), charset, false, false);
    json_.end_array();
  }

  void element(DcmElement& element, const Charset& charset) {
    const Tag tag = tag_of(element);
    json_.key(options_.format == JsonFormat::Simplified ? tag_name(tag, creator_of(element))
                                                        : format_tag(tag));
    entry(element, tag, charset);
  }

 private:
  void by_tag(DcmItem& item, const Charset& charset, bool top, bool pixel_data_left_out) {
    bool pending = pixel_data_left_out && wanted(kPixelData, top);
    for (DcmObject* o = item.nextInContainer(nullptr); o != nullptr; o = item.nextInContainer(o)) {
      const Tag tag = tag_of(*o);
      if (!wanted(tag, top)) continue;
      if (pending && tag > kPixelData) {
        pixel_data();
        pending = false;
      }
      element(static_cast<DcmElement&>(*o), charset);
    }
    if (pending) pixel_data();
  }

  // Sorted by name; of several with the same name the last one counts.
  void by_name(DcmItem& item, const Charset& charset, bool top, bool pixel_data_left_out) {
    std::vector<std::pair<std::string, DcmElement*>> entries;
    for (DcmObject* o = item.nextInContainer(nullptr); o != nullptr; o = item.nextInContainer(o)) {
      const Tag tag = tag_of(*o);
      if (wanted(tag, top)) entries.emplace_back(tag_name(tag, creator_of(*o)), static_cast<DcmElement*>(o));
    }
    if (pixel_data_left_out && wanted(kPixelData, top)) entries.emplace_back(tag_name(kPixelData), nullptr);
    std::stable_sort(entries.begin(), entries.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i + 1 < entries.size() && entries[i + 1].first == entries[i].first) continue;
      json_.key(entries[i].first);
      if (entries[i].second == nullptr)
        json_.null();
      else
        entry(*entries[i].second, tag_of(*entries[i].second), charset);
    }
  }

  bool wanted(Tag tag, bool top) const {
    if (!options_.group_lengths && tag_element(tag) == 0) return false;
    if (!top) return true;
    if (!options_.after_pixel_data && tag > kPixelData) return false;
    return options_.only == nullptr || std::binary_search(options_.only->begin(), options_.only->end(), tag);
  }

  void pixel_data() {
    json_.key(format_tag(kPixelData));
    if (options_.format == JsonFormat::Full)
      full(tag_name(kPixelData), {}, {ValueKind::Null, {}});
    else
      json_.null();
  }

  void entry(DcmElement& element, Tag tag, const Charset& charset) {
    if (!element.isLeaf() && element.ident() == EVR_SQ) return sequence(element, tag, charset);
    TextOptions text;
    text.maximum_length =
        std::binary_search(ignore_length_.begin(), ignore_length_.end(), tag) ? 0 : options_.maximum_length;
    const ElementValue value = element_value(element, charset, text);
    if (options_.format == JsonFormat::Full)
      full(tag_name(tag, creator_of(element)),
           is_private_creator(tag) ? std::string_view() : creator_of(element), value);
    else
      plain(value);
  }

  void full(std::string_view name, std::string_view creator, const ElementValue& value) {
    json_.begin_object();
    json_.member("Name", name);
    if (!creator.empty()) json_.member("PrivateCreator", creator);
    json_.member("Type", value.kind == ValueKind::String    ? "String"
                         : value.kind == ValueKind::TooLong ? "TooLong"
                                                            : "Null");
    json_.key("Value");
    plain(value);
    json_.end_object();
  }

  void plain(const ElementValue& value) {
    if (value.kind == ValueKind::String)
      json_.string(value.text);
    else
      json_.null();
  }

  void sequence(DcmElement& element, Tag tag, const Charset& charset) {
    auto& items = static_cast<DcmSequenceOfItems&>(element);
    const bool full = options_.format == JsonFormat::Full;
    if (full) {
      json_.begin_object();
      json_.member("Name", tag_name(tag, creator_of(element)));
      json_.member("Type", "Sequence");
      json_.key("Value");
    }
    items_of(items, charset);
    if (full) json_.end_object();
  }

  JsonWriter& json_;
  const JsonOptions& options_;
  std::vector<Tag> ignore_length_;
};

}  // namespace

void write_tags_json(JsonWriter& json, const ParsedInstance& instance, const JsonOptions& options) {
  TagsWriter(json, options)
      .item(instance.data_set(), Charset(options.default_encoding), true,
            instance.has_pixel_data && !instance.whole);
}

void write_tags_json(JsonWriter& json, DcmItem& item, const JsonOptions& options) {
  TagsWriter(json, options).item(item, Charset(options.default_encoding), true, false);
}

std::string tags_json(const ParsedInstance& instance, const JsonOptions& options) {
  std::string text;
  text.reserve(16384);
  JsonWriter json(text);
  write_tags_json(json, instance, options);
  return text;
}

void write_header_json(JsonWriter& json, const ParsedInstance& instance, const JsonOptions& options) {
  // The file meta information version (OB) isn't shown: clients know a header of texts.
  static constexpr Tag kVersion = 0x00020001;
  DcmMetaInfo& meta = instance.meta_header();
  const Charset charset(Encoding::Ascii);
  TagsWriter writer(json, options);
  std::vector<std::pair<std::string, DcmElement*>> entries;
  for (DcmObject* o = meta.nextInContainer(nullptr); o != nullptr; o = meta.nextInContainer(o)) {
    const Tag tag = tag_of(*o);
    if (tag == kVersion) continue;
    entries.emplace_back(options.format == JsonFormat::Simplified ? tag_name(tag) : std::string(),
                         static_cast<DcmElement*>(o));
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  json.begin_object();
  for (const auto& entry : entries) writer.element(*entry.second, charset);
  json.end_object();
}

std::string header_json(const ParsedInstance& instance, const JsonOptions& options) {
  std::string text;
  JsonWriter json(text);
  write_header_json(json, instance, options);
  return text;
}

void write_element_json(JsonWriter& json, DcmElement& element, const Charset& charset,
                        const JsonOptions& options) {
  TagsWriter(json, options).element(element, charset);
}

void write_items_json(JsonWriter& json, DcmSequenceOfItems& sequence, const Charset& charset,
                      const JsonOptions& options) {
  TagsWriter(json, options).items_of(sequence, charset);
}

}  // namespace hilum::dicom
