#include "core/index/schema.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/normalize.h>

#include <algorithm>

#include "core/base/bytes.h"

namespace hilum::index {

namespace {

std::string typed(char type, size_t room) {
  std::string key;
  key.reserve(1 + room);
  key.push_back(type);
  return key;
}

char byte_of(Level level) { return static_cast<char>(level); }

std::optional<Level> level_of(uint8_t byte) {
  return byte >= 1 && byte <= 4 ? std::optional<Level>(static_cast<Level>(byte)) : std::nullopt;
}

}  // namespace

void ensure_format(KvStore& store) {
  std::string value;
  if (store.get(format_key(), &value)) {
    const std::optional<uint32_t> version = ByteReader(value).take_be<uint32_t>();
    if (value.size() != 4 || version != kFormatVersion) {
      throw Error(
          HILUM_E_INCOMPATIBLE_DATABASE,
          fmt::format("the index has format version {}, this program reads and writes version {}; run "
                      "`hilum index rebuild` to make it anew from the storage",
                      version ? std::to_string(*version) : "unknown", kFormatVersion));
    }
    return;
  }
  const std::unique_ptr<KvIterator> it = store.snapshot()->iterate();
  it->seek("");
  if (it->valid()) {
    throw Error(HILUM_E_INCOMPATIBLE_DATABASE,
                "the index has no format version, but is not empty: it was not made by this program; name "
                "another folder, or run `hilum index rebuild`");
  }
  KvBatch batch;
  batch.put(format_key(), format_value());
  store.write(batch, true);
}

// --- building ---

std::string format_key() { return std::string(1, key::kFormat); }

std::string format_value() {
  std::string value;
  append_be(value, kFormatVersion);
  return value;
}

std::string number_key(NumberKey number) { return {key::kNumber, static_cast<char>(number)}; }

std::string public_id_key(const PublicId& id) { return typed(key::kPublicId, 20).append(id.view()); }

std::string order_key(Level level, ResourceId id) {
  std::string key = typed(key::kOrder, 9);
  key.push_back(byte_of(level));
  append_be(key, id);
  return key;
}

std::string block_key(Level level, int depth, uint64_t block) {
  std::string key = block_prefix(level, depth);
  append_be(key, block);
  return key;
}

std::string record_key(ResourceId id) { return id_prefix(key::kRecord, id); }

std::string child_key(ResourceId parent, ResourceId child) {
  std::string key = id_prefix(key::kChild, parent);
  append_be(key, child);
  return key;
}

std::string counters_key(ResourceId id) { return id_prefix(key::kCounters, id); }

std::string metadata_key(ResourceId id, int32_t metadata) {
  std::string key = id_prefix(key::kMetadata, id);
  append_be(key, static_cast<uint32_t>(metadata));
  return key;
}

std::string identifier_key(Level level, Tag tag, std::string_view search_value, ResourceId id) {
  const std::string_view cut = cut_search_value(search_value);
  std::string key = typed(key::kIdentifier, 14 + cut.size());
  key.push_back(byte_of(level));
  append_be(key, tag);
  key.append(cut);
  key.push_back('\0');
  append_be(key, id);
  return key;
}

std::string label_of_key(ResourceId id, std::string_view label) {
  return id_prefix(key::kLabelOf, id).append(label);
}

std::string labelled_key(Level level, std::string_view label, ResourceId id) {
  std::string key = level_prefix(key::kLabelled, level);
  key.append(label);
  key.push_back('\0');
  append_be(key, id);
  return key;
}

std::string change_key(int64_t sequence) { return id_prefix(key::kChange, static_cast<uint64_t>(sequence)); }

std::string change_of_key(ResourceId id, int64_t sequence) {
  std::string key = id_prefix(key::kChangeOf, id);
  append_be(key, static_cast<uint64_t>(sequence));
  return key;
}

std::string export_key(int64_t sequence) { return id_prefix(key::kExport, static_cast<uint64_t>(sequence)); }

std::string recycling_key(uint64_t order) { return id_prefix(key::kRecycling, order); }

std::string patient_state_key(ResourceId patient) { return id_prefix(key::kPatientState, patient); }

std::string global_property_key(std::string_view name) {
  return typed(key::kGlobalProperty, name.size()).append(name);
}

std::string plugin_record_key(std::string_view store, std::string_view key) {
  std::string result = typed(key::kPluginRecord, store.size() + 1 + key.size());
  return result.append(store).append(1, '\0').append(key);
}

// --- prefixes ---

std::string id_prefix(char type, ResourceId id) {
  std::string key = typed(type, 16);
  append_be(key, id);
  return key;
}

std::string level_prefix(char type, Level level) { return {type, byte_of(level)}; }

std::string block_prefix(Level level, int depth) {
  return {key::kBlock, byte_of(level), static_cast<char>(depth)};
}

std::string identifier_prefix(Level level, Tag tag) {
  std::string key = level_prefix(key::kIdentifier, level);
  append_be(key, tag);
  return key;
}

std::string after_prefix(std::string_view prefix) {
  std::string after(prefix);
  while (!after.empty() && after.back() == '\xff') {
    after.pop_back();
  }
  if (!after.empty()) {
    after.back() = static_cast<char>(after.back() + 1);
  }
  return after;
}

// --- taking apart ---

std::optional<ChildKey> parse_child_key(std::string_view key) {
  const auto pair = parse_pair_key(key);
  return pair ? std::optional<ChildKey>({pair->first, pair->second}) : std::nullopt;
}

std::optional<OrderKey> parse_order_key(std::string_view key) {
  if (key.size() != 10) {
    return std::nullopt;
  }
  const auto level = level_of(static_cast<uint8_t>(key[1]));
  return level ? std::optional<OrderKey>({*level, load_be<uint64_t>(key.data() + 2)}) : std::nullopt;
}

std::optional<BlockKey> parse_block_key(std::string_view key) {
  if (key.size() != 11 || key[2] < 1 || key[2] > kBlockDepths) {
    return std::nullopt;
  }
  const auto level = level_of(static_cast<uint8_t>(key[1]));
  return level ? std::optional<BlockKey>({*level, key[2], load_be<uint64_t>(key.data() + 3)}) : std::nullopt;
}

std::optional<IdentifierKey> parse_identifier_key(std::string_view key) {
  constexpr size_t kBefore = 6, kAfter = 9;
  if (key.size() < kBefore + kAfter || key[key.size() - kAfter] != '\0') {
    return std::nullopt;
  }
  const auto level = level_of(static_cast<uint8_t>(key[1]));
  if (!level) {
    return std::nullopt;
  }
  return IdentifierKey{*level, load_be<uint32_t>(key.data() + 2),
                       key.substr(kBefore, key.size() - kBefore - kAfter),
                       load_be<uint64_t>(key.data() + key.size() - 8)};
}

std::optional<LabelKey> parse_labelled_key(std::string_view key) {
  constexpr size_t kBefore = 2, kAfter = 9;
  if (key.size() < kBefore + kAfter || key[key.size() - kAfter] != '\0') {
    return std::nullopt;
  }
  const auto level = level_of(static_cast<uint8_t>(key[1]));
  if (!level) {
    return std::nullopt;
  }
  return LabelKey{*level, key.substr(kBefore, key.size() - kBefore - kAfter),
                  load_be<uint64_t>(key.data() + key.size() - 8)};
}

std::optional<std::pair<uint64_t, uint32_t>> parse_metadata_key(std::string_view key) {
  if (key.size() != 13) {
    return std::nullopt;
  }
  return std::pair(load_be<uint64_t>(key.data() + 1), load_be<uint32_t>(key.data() + 9));
}

std::optional<std::pair<uint64_t, uint64_t>> parse_pair_key(std::string_view key) {
  if (key.size() != 17) {
    return std::nullopt;
  }
  return std::pair(load_be<uint64_t>(key.data() + 1), load_be<uint64_t>(key.data() + 9));
}

std::optional<uint64_t> parse_single_key(std::string_view key) {
  return key.size() == 9 ? std::optional<uint64_t>(load_be<uint64_t>(key.data() + 1)) : std::nullopt;
}

std::optional<std::string_view> parse_label_of_key(std::string_view key) {
  return key.size() >= 9 ? std::optional<std::string_view>(key.substr(9)) : std::nullopt;
}

// --- search keys ---

const std::vector<Tag>& identifier_tags(Level level) {
  static const std::vector<Tag> tags[4] = {
      {dicom::kPatientName, dicom::kPatientId, dicom::kPatientBirthDate},
      {dicom::kStudyDate, dicom::kAccessionNumber, 0x00080090 /* ReferringPhysicianName */,
       0x00081030 /* StudyDescription */, dicom::kPatientName, dicom::kPatientId, dicom::kPatientBirthDate,
       dicom::kStudyInstanceUid, 0x00200010 /* StudyID */},
      {dicom::kModality, 0x0008103e /* SeriesDescription */, dicom::kSeriesInstanceUid},
      {dicom::kSopInstanceUid},
  };
  return tags[static_cast<size_t>(level) - 1];
}

std::string_view cut_search_value(std::string_view normalised) {
  return normalised.substr(0, kMaximumSearchValue);
}

std::vector<std::string> identifier_keys(Level level, ResourceId id, const TagValues& tags,
                                         const TagValues& patient_tags) {
  std::vector<std::string> keys;
  const std::vector<Tag>& wanted = identifier_tags(level);
  const auto add = [&](const TagValues& values) {
    for (const dicom::TagValue& value : values) {
      if (!value.is_json && std::binary_search(wanted.begin(), wanted.end(), value.tag)) {
        keys.push_back(identifier_key(level, value.tag, dicom::normalize_identifier(value.value), id));
      }
    }
  };
  add(tags);
  if (level == Level::kStudy) {
    add(patient_tags);
  }
  // One tag may stand in both lists (ExtraMainDicomTags), with equal values.
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace hilum::index
