#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/json.h>
#include <hilum/dicom/main_tags.h>
#include <hilum/dicom/text.h>

#include <algorithm>

namespace hilum::dicom {
namespace {

// Of a sequence: more than this isn't kept in the index.
constexpr size_t kLongestSequence = 64 * 1024;

std::string items_json(DcmSequenceOfItems& sequence, const Charset& charset) {
  std::string text;
  JsonWriter json(text);
  write_items_json(json, sequence, charset, JsonOptions());
  return text;
}

std::optional<TagValue> value_of(DcmElement& element, Tag tag, const Charset& charset) {
  if (element.ident() == EVR_SQ) {
    auto& sequence = static_cast<DcmSequenceOfItems&>(element);
    if (sequence.card() == 0 || element.getLength() > kLongestSequence) return std::nullopt;
    TagValue value{tag, items_json(sequence, charset), true};
    if (value.value.size() > kLongestSequence) return std::nullopt;
    return value;
  }
  ElementValue value = element_value(element, charset);
  if (value.kind != ValueKind::String) return std::nullopt;
  return TagValue{tag, std::move(value.text), false};
}

}  // namespace

const char* level_name(Level level) {
  static constexpr const char* kNames[] = {"Patient", "Study", "Series", "Instance"};
  return kNames[static_cast<size_t>(level)];
}

MainTags::MainTags()
    : tags_{{
          {0x00100010, 0x00100020, 0x00100030, 0x00100040, 0x00101000},
          {0x00080020, 0x00080030, 0x00080050, 0x00080080, 0x00080090, 0x00080201, 0x00081030, 0x0020000d,
           0x00200010, 0x00321032, 0x00321060},
          {0x00080021, 0x00080031, 0x00080060, 0x00080070, 0x00080201, 0x00081010, 0x0008103e,
           0x00081070, 0x00180010, 0x00180015, 0x00180024, 0x00181030, 0x00181090, 0x00181400,
           0x0020000e, 0x00200011, 0x00200037, 0x00200105, 0x00201002, 0x00400244, 0x00400245,
           0x00400254, 0x00400275, 0x00540081, 0x00540101, 0x00541000},
          {0x00080012, 0x00080013, 0x00080018, 0x00200012, 0x00200013, 0x00200032, 0x00200037, 0x00200100,
           0x00204000, 0x00280008, 0x00541330},
      }} {}

void MainTags::add(Level level, Tag tag) {
  if (is_private(tag))
    throw Error(HILUM_E_OUT_OF_RANGE, "private tag " + format_tag(tag) + " cannot be a main DICOM tag");
  auto& tags = tags_[static_cast<size_t>(level)];
  const auto at = std::lower_bound(tags.begin(), tags.end(), tag);
  if (at != tags.end() && *at == tag)
    throw Error(HILUM_E_MAIN_TAGS_TWICE,
                tag_name(tag) + " (" + format_tag(tag) + ") at level " + level_name(level));
  tags.insert(at, tag);
}

bool MainTags::contains(Level level, Tag tag) const {
  return std::binary_search(tags(level).begin(), tags(level).end(), tag);
}

std::optional<Level> MainTags::level_of(Tag tag) const {
  for (Level level : {Level::Patient, Level::Study, Level::Series, Level::Instance})
    if (contains(level, tag)) return level;
  return std::nullopt;
}

std::string MainTags::signature(Level level) const {
  std::string text;
  for (Tag tag : tags(level)) {
    if (!text.empty()) text += ';';
    text += format_tag(tag);
  }
  return text;
}

std::vector<TagValue> MainTags::extract(DcmItem& data_set, Level level, const Charset& charset) const {
  std::vector<TagValue> values;
  // Both lists ascend: one walk instead of a search per tag.
  auto next = tags(level).begin();
  const auto end = tags(level).end();
  for (DcmObject* o = data_set.nextInContainer(nullptr); o != nullptr && next != end;
       o = data_set.nextInContainer(o)) {
    const Tag tag = make_tag(o->getGTag(), o->getETag());
    while (next != end && *next < tag) ++next;
    if (next == end || *next != tag) continue;
    if (auto value = value_of(static_cast<DcmElement&>(*o), tag, charset))
      values.push_back(std::move(*value));
  }
  return values;
}

}  // namespace hilum::dicom
