#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dctag.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/tag.h>

#include <unordered_map>

namespace hilum::dicom {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<Tag> find_numeric(std::string_view text) {
  const bool separated = text.size() == 9 && (text[4] == ',' || text[4] == '-');
  if (!separated && text.size() != 8) return std::nullopt;
  Tag tag = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (separated && i == 4) continue;
    const int digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    tag = (tag << 4) | static_cast<Tag>(digit);
  }
  return tag;
}

std::optional<Tag> look_up_keyword(const std::string& keyword) {
  const DcmDataDictionary& dictionary = dcmDataDict.rdlock();
  std::optional<Tag> tag;
  if (const DcmDictEntry* entry = dictionary.findEntry(keyword.c_str()))
    tag = make_tag(entry->getGroup(), entry->getElement());
  dcmDataDict.rdunlock();
  return tag;
}

// The dictionary has no order by keywords: it is read from its beginning each time, some 50 us. What is known
// stays known, as for tag_name.
std::optional<Tag> find_keyword(const std::string& keyword) {
  constexpr size_t kLimit = 10000;
  thread_local std::unordered_map<std::string, Tag> known;
  if (const auto found = known.find(keyword); found != known.end()) return found->second;
  const std::optional<Tag> tag = look_up_keyword(keyword);
  if (tag) {
    if (known.size() >= kLimit) known.clear();
    known.emplace(keyword, *tag);
  }
  return tag;
}

DcmTag dcmtk_tag(Tag tag, std::string_view private_creator) {
  DcmTag result(tag_group(tag), tag_element(tag));
  if (!private_creator.empty()) {
    result.setPrivateCreator(std::string(private_creator).c_str());
    result.lookupVRinDictionary();
  }
  return result;
}

std::string look_up_name(Tag tag, std::string_view private_creator) {
  // Retired in the dictionary, but clients of the REST API know it by its plain name.
  if (tag == kOtherPatientIds) return "OtherPatientIDs";
  return dcmtk_tag(tag, private_creator).getTagName();
}

std::string private_key(Tag tag, std::string_view private_creator) {
  std::string key(private_creator);
  // The block number (gggg,xx..) is the sender's choice.
  for (int shift : {0, 16, 24}) key += static_cast<char>(tag >> shift & 0xff);
  return key;
}

template <typename Key, typename LookUp>
const std::string& cached(std::unordered_map<Key, std::string>& table, const Key& key, size_t limit,
                          LookUp look_up) {
  const auto found = table.find(key);
  if (found != table.end()) return found->second;
  if (table.size() >= limit) table.clear();
  return table.emplace(key, look_up()).first->second;
}

}  // namespace

std::optional<Tag> find_tag(std::string_view name) {
  if (auto tag = find_numeric(name)) return tag;
  if (name == "OtherPatientIDs") return kOtherPatientIds;
  if (name.empty()) return std::nullopt;
  const std::string keyword(name);
  if (auto tag = find_keyword(keyword)) return tag;
  return find_keyword("RETIRED_" + keyword);
}

Tag parse_tag(std::string_view name) {
  if (auto tag = find_tag(name)) return *tag;
  throw Error(HILUM_E_UNKNOWN_TAG,
              "unknown DICOM tag \"" + std::string(name.substr(0, 128)) +
                  "\": a keyword of the dictionary, gggg,eeee, gggg-eeee or ggggeeee is expected");
}

std::string format_tag(Tag tag, char separator) {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) {
    text += digits[(tag >> shift) & 15];
    if (shift == 16 && separator != '\0') text += separator;
  }
  return text;
}

std::string tag_name(Tag tag, std::string_view private_creator) {
  // The dictionary takes a lock and builds objects: a table per thread is several times faster. The
  // dictionary doesn't change after start-up. Hostile files have any tag, hence the limit.
  constexpr size_t kLimit = 10000;
  thread_local std::unordered_map<Tag, std::string> names;
  thread_local std::unordered_map<std::string, std::string> private_names;  // by creator and tag
  if (is_private(tag) && !private_creator.empty() && !is_private_creator(tag) && private_creator.size() <= 64)
    return cached(private_names, private_key(tag, private_creator), kLimit,
                  [&] { return look_up_name(tag, private_creator); });
  return cached(names, tag, kLimit, [&] { return look_up_name(tag, {}); });
}

DcmEVR dictionary_vr(Tag tag, std::string_view private_creator) {
  const DcmEVR vr = dcmtk_tag(tag, private_creator).getEVR();
  return vr == EVR_UNKNOWN ? EVR_UN : vr;
}

const char* vr_name(DcmEVR vr) {
  // DcmVR answers with pointers into its static table.
  return DcmVR(vr).getValidVRName();
}

}  // namespace hilum::dicom
