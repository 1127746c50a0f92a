// The bytes of the log and of the locations in the index's store: segments.md in code. No I/O, no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/index/kv_store.h"
#include "core/index/types.h"

namespace hilum::storage {

using index::BlobUuid;

inline constexpr size_t kSegmentHeaderSize = 64;
inline constexpr size_t kGroupHeaderSize = 48;
inline constexpr std::string_view kAppliedKey = "B!applied";
inline constexpr std::string_view kCheckpointKey = "B!checkpoint";

struct SegmentHeader {
  uint32_t number = 0;
  uint64_t salt = 0;
  uint32_t previous = 0;
  uint64_t previous_end = 0;
  uint64_t last_group = 0;
};
std::string encode(const SegmentHeader& header);
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);

struct GroupHeader {
  uint64_t number = 0;
  uint64_t previous = 0;
  uint64_t meta_size = 0;  // directory and redo record
  uint64_t data_size = 0;
  uint32_t meta_crc = 0;
  uint32_t directory_size = 0;
};
std::string encode(const GroupHeader& header, uint64_t salt);
std::optional<GroupHeader> decode_group_header(std::string_view bytes, uint64_t salt);

enum class EntryKind : uint8_t { kBlob = 1, kFile = 2, kRemoved = 3 };
struct Entry {
  EntryKind kind = EntryKind::kBlob;
  BlobUuid uuid{};
  uint64_t size = 0;
  uint32_t crc = 0;
  std::string description;
  uint32_t segment = 0;     // of kRemoved: where the entry of the blob lies
  uint64_t entry_size = 0;  // of the entry itself; set by append_entry and decode_entries
};
void append_entry(std::string& out, Entry& entry);
std::optional<std::vector<Entry>> decode_entries(std::string_view bytes);

std::string encode_redo(const index::KvBatch& changes);
bool decode_redo(std::string_view bytes, index::KvBatch* changes);

enum class BlobForm : uint8_t { kSegment = 1, kFile = 2 };
// Where a blob lies.
struct Location {
  BlobForm form = BlobForm::kSegment;
  uint32_t segment = 0;
  uint64_t offset = 0;  // of the bytes; of a file: of the group with its entry
  uint64_t size = 0;
  uint32_t crc = 0;
  uint64_t entry_size = 0;

  // Bytes of the segment that live as long as the blob.
  uint64_t living_bytes() const { return entry_size + (form == BlobForm::kSegment ? size : 0); }
};
std::string location_key(const BlobUuid& uuid);
// The UUID if the key is one of a location.
std::optional<BlobUuid> location_uuid(std::string_view key);
std::string encode(const Location& location);
std::optional<Location> decode_location(std::string_view bytes);

// Where the index is known to be on the disk.
struct Checkpoint {
  uint64_t group = 0;
  uint32_t segment = 0;
  uint64_t offset = 0;
};
std::string encode(const Checkpoint& checkpoint);
std::optional<Checkpoint> decode_checkpoint(std::string_view bytes);

// The locations of a group at `group_offset` of a segment, as changes of the store.
void add_locations(const std::vector<Entry>& entries, uint32_t segment, uint64_t group_offset,
                   uint64_t data_offset, index::KvBatch* changes);

}  // namespace hilum::storage
