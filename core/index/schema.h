// The keys of the index: the one table of what stands in the key-value store.
//
// A key is a type byte and components of fixed order. Numbers are big-endian and of fixed width, so that
// bytewise order is the order of the numbers and every question is a scan of one prefix. `text` is UTF-8.
//
// | type | components after it              | value                                   | written                     |
// |------|----------------------------------|-----------------------------------------|-----------------------------|
// | 'V'  |                                  | format version, 4 bytes                 | when the store is made      |
// | 'T'  | number 1                         | see NumberKey                           | per group that changes it   |
// | 'P'  | public id 20                     | level 1, id 8                           | with the resource           |
// | 'O'  | level 1, id 8                    | public id 20                            | with the resource           |
// | 'N'  | level 1, depth 1, block 8        | live resources in the block, varint     | per group and block         |
// | 'R'  | id 8                             | record (records.h)                      | with the resource, when an  |
// |      |                                  |                                         | attachment changes, and by  |
// |      |                                  |                                         | reconstruct                 |
// | 'C'  | parent id 8, child id 8          | nothing                                 | with the child              |
// | 'K'  | id 8 (not of instances)          | Counters (records.h)                    | per group that touches it   |
// | 'M'  | id 8, metadata key 4             | revision varint, then the value         | set_metadata                |
// | 'I'  | level 1, tag 4, search value,    | nothing                                 | with the resource, and by   |
// |      | 0x00, id 8                       |                                         | reconstruct                 |
// | 'l'  | id 8, label text                 | nothing                                 | add_label                   |
// | 'L'  | level 1, label text, 0x00, id 8  | nothing                                 | add_label                   |
// | 'H'  | sequence 8                       | Change (records.h)                      | every logged change         |
// | 'h'  | id 8, sequence 8                 | nothing: the changes of a resource but  | logged changes after the    |
// |      |                                  | for its creation, which its record has  | creation                    |
// | 'Q'  | order 8                          | patient id 8: recycling order           | patient gets an instance,   |
// |      |                                  |                                         | is protected, unprotected   |
// | 'q'  | patient id 8                     | protected 1, order 8 (0: not in 'Q')    | the same                    |
// | 'G'  | name text                        | global property                         | set_global_property         |
// | 'B'  | of the blob store                | of the blob store                       | through put_raw             |
// | 'E'  | sequence 8                       | Export (records.h)                      | log_export                  |
// | 'J'  | name of a store, 0x00, key       | record of a plugin                      | through put_raw             |
//
// 'N': depth 1 counts blocks of 1,024 ids, depth 2 blocks of 1,048,576 ids; absent is 0. With them a page at
// any offset costs a scan of few small counters instead of the entries before it.
// 'M': keys from 1024 on, and system metadata (below) set after the creation; those of the creation stand in
// the record, and an 'M' entry of the same key wins.
// Whatever changes a key, a value, or what a value is made of (the normalisation of search values, too)
// changes kFormatVersion.
#pragma once

#include <hilum/dicom/identity.h>
#include <hilum/dicom/tag.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/index/kv_store.h"
#include "core/index/types.h"

namespace hilum::index {

inline constexpr uint32_t kFormatVersion = 1;

// Stamps an empty store with the format version, accepts a store of this version, refuses any other with
// HILUM_E_INCOMPATIBLE_DATABASE. To be called right after opening, before anything is written (the replay of
// a log included).
void ensure_format(KvStore& store);

// Type bytes.
namespace key {
inline constexpr char kFormat = 'V', kNumber = 'T', kPublicId = 'P', kOrder = 'O', kBlock = 'N',
                      kRecord = 'R', kChild = 'C', kCounters = 'K', kMetadata = 'M', kIdentifier = 'I',
                      kLabelOf = 'l', kLabelled = 'L', kChange = 'H', kChangeOf = 'h', kRecycling = 'Q',
                      kPatientState = 'q', kGlobalProperty = 'G', kBlob = 'B', kExport = 'E',
                      kPluginRecord = 'J';
}  // namespace key

enum class NumberKey : uint8_t {
  kLastId = 1,        // the greatest resource id ever given, 8 bytes
  kLastSequence = 2,  // the greatest change sequence ever given, 8 bytes
  kLastOrder = 3,     // the greatest position in the recycling order ever given, 8 bytes
  kTotals = 4,        // Totals (records.h)
  kClearedTo = 5,   // changes up to this sequence were cleared: their 'H' and 'h' keys count no more, 8 bytes
  kTrimmedTo = 6,   // and up to this sequence these keys have been erased, 8 bytes
  kLastExport = 7,  // of the log of exports: the same three numbers
  kExportsClearedTo = 8,
  kExportsTrimmedTo = 9,
};

// System metadata that the index itself knows; all numbers stand in hilum/index.h.
inline constexpr int32_t kIndexInSeries = 1, kExpectedInstances = 4, kLastUpdate = 7;
inline constexpr int32_t kFirstUserMetadata = 1024;
// Attachment type of the DICOM file.
inline constexpr int32_t kDicomAttachment = 1;

// --- building keys ---
std::string format_key();
std::string format_value();  // of kFormatVersion
std::string number_key(NumberKey number);
std::string public_id_key(const PublicId& id);
std::string order_key(Level level, ResourceId id);
inline constexpr int kBlockDepths = 2;
inline constexpr int block_shift(int depth) { return 10 * depth; }
std::string block_key(Level level, int depth, uint64_t block);
std::string record_key(ResourceId id);
std::string child_key(ResourceId parent, ResourceId child);
std::string counters_key(ResourceId id);
std::string metadata_key(ResourceId id, int32_t metadata);
std::string identifier_key(Level level, Tag tag, std::string_view search_value, ResourceId id);
std::string label_of_key(ResourceId id, std::string_view label);
std::string labelled_key(Level level, std::string_view label, ResourceId id);
std::string change_key(int64_t sequence);
std::string change_of_key(ResourceId id, int64_t sequence);
std::string export_key(int64_t sequence);
std::string recycling_key(uint64_t order);
std::string patient_state_key(ResourceId patient);
std::string global_property_key(std::string_view name);
std::string plugin_record_key(std::string_view store, std::string_view key);  // or the prefix of many

// --- prefixes of scans ---
std::string id_prefix(char type, ResourceId id);   // 'C', 'M', 'l', 'h'
std::string level_prefix(char type, Level level);  // 'O', 'L'
std::string block_prefix(Level level, int depth);
std::string identifier_prefix(Level level, Tag tag);

// The first key after all keys that start with `prefix` (empty: there is none).
std::string after_prefix(std::string_view prefix);

// --- taking keys apart; std::nullopt if the key has not the shape of its type ---
struct ChildKey {
  ResourceId parent, child;
};
std::optional<ChildKey> parse_child_key(std::string_view key);
struct OrderKey {
  Level level;
  ResourceId id;
};
std::optional<OrderKey> parse_order_key(std::string_view key);
struct BlockKey {
  Level level;
  int depth;
  uint64_t block;
};
std::optional<BlockKey> parse_block_key(std::string_view key);
struct IdentifierKey {
  Level level;
  Tag tag;
  std::string_view search_value;  // points into the key
  ResourceId id;
};
std::optional<IdentifierKey> parse_identifier_key(std::string_view key);
struct LabelKey {
  Level level;
  std::string_view label;  // points into the key
  ResourceId id;
};
std::optional<LabelKey> parse_labelled_key(std::string_view key);
// Keys of a type byte and two numbers, or one: 'M' (second of 4 bytes), 'h'; 'R', 'K', 'q', 'Q', 'H', 'E'.
std::optional<std::pair<uint64_t, uint32_t>> parse_metadata_key(std::string_view key);
std::optional<std::pair<uint64_t, uint64_t>> parse_pair_key(std::string_view key);
std::optional<uint64_t> parse_single_key(std::string_view key);
// The label of an 'l' key.
std::optional<std::string_view> parse_label_of_key(std::string_view key);

// --- search keys ---

// Tags that have search keys at a level, ascending.
const std::vector<Tag>& identifier_tags(Level level);

// Longest search value of a key, in bytes. Longer ones are cut (anywhere: order must survive), so that a
// match of a key says "perhaps" and the stored value decides.
inline constexpr size_t kMaximumSearchValue = 128;
std::string_view cut_search_value(std::string_view normalised);

// The 'I' keys that a resource has: of its own tags, and for studies of its copy of the patient's tags.
std::vector<std::string> identifier_keys(Level level, ResourceId id, const TagValues& tags,
                                         const TagValues& patient_tags);

}  // namespace hilum::index
