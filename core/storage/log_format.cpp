#include "core/storage/log_format.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/storage/crc32c.h"

namespace hilum::storage {
namespace {

constexpr std::string_view kSegmentMagic = "HILUMSEG";
constexpr std::string_view kGroupMagic = "HGRP";
constexpr uint32_t kFormatVersion = 1;

uint32_t salted_crc(uint64_t salt, std::string_view bytes) {
  char seed[sizeof salt];
  store_le(seed, salt);
  return crc32c(crc32c(0, seed, sizeof seed), bytes.data(), bytes.size());
}

std::string_view view(const BlobUuid& uuid) {
  return {reinterpret_cast<const char*>(uuid.data()), uuid.size()};
}

std::optional<BlobUuid> take_uuid(ByteReader& reader) {
  const auto bytes = reader.take_bytes(16);
  if (!bytes) {
    return std::nullopt;
  }
  BlobUuid uuid;
  std::copy(bytes->begin(), bytes->end(), uuid.begin());
  return uuid;
}

bool take_stored_entry(ByteReader& reader, Entry& entry) {
  const auto size = reader.take_varint();
  const auto crc = reader.take_le<uint32_t>();
  const auto description = reader.take_sized();
  if (!size || !crc || !description) {
    return false;
  }
  entry.size = *size;
  entry.crc = *crc;
  entry.description = std::string(*description);
  return true;
}

bool take_removed_entry(ByteReader& reader, Entry& entry) {
  const auto segment = reader.take_varint();
  if (!segment || *segment > UINT32_MAX) {
    return false;
  }
  entry.segment = static_cast<uint32_t>(*segment);
  return true;
}

}  // namespace

std::string encode(const SegmentHeader& header) {
  std::string out(kSegmentMagic);
  append_le(out, kFormatVersion);
  append_le(out, header.number);
  append_le(out, header.salt);
  append_le(out, header.previous);
  append_le(out, uint32_t{0});
  append_le(out, header.previous_end);
  append_le(out, header.last_group);
  out.append(kSegmentHeaderSize - 4 - out.size(), '\0');
  append_le(out, crc32c(out));
  return out;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderSize || bytes.substr(0, 8) != kSegmentMagic) {
    return std::nullopt;
  }
  const char* data = bytes.data();
  if (load_le<uint32_t>(data + 60) != crc32c(bytes.substr(0, 60)) ||
      load_le<uint32_t>(data + 8) != kFormatVersion) {
    return std::nullopt;
  }
  SegmentHeader header;
  header.number = load_le<uint32_t>(data + 12);
  header.salt = load_le<uint64_t>(data + 16);
  header.previous = load_le<uint32_t>(data + 24);
  header.previous_end = load_le<uint64_t>(data + 32);
  header.last_group = load_le<uint64_t>(data + 40);
  return header;
}

std::string encode(const GroupHeader& header, uint64_t salt) {
  std::string body;
  append_le(body, header.number);
  append_le(body, header.previous);
  append_le(body, header.meta_size);
  append_le(body, header.data_size);
  append_le(body, header.meta_crc);
  append_le(body, header.directory_size);
  std::string out(kGroupMagic);
  append_le(out, salted_crc(salt, body));
  return out + body;
}

std::optional<GroupHeader> decode_group_header(std::string_view bytes, uint64_t salt) {
  if (bytes.size() < kGroupHeaderSize || bytes.substr(0, 4) != kGroupMagic) {
    return std::nullopt;
  }
  const char* data = bytes.data();
  if (load_le<uint32_t>(data + 4) != salted_crc(salt, bytes.substr(8, kGroupHeaderSize - 8))) {
    return std::nullopt;
  }
  GroupHeader header;
  header.number = load_le<uint64_t>(data + 8);
  header.previous = load_le<uint64_t>(data + 16);
  header.meta_size = load_le<uint64_t>(data + 24);
  header.data_size = load_le<uint64_t>(data + 32);
  header.meta_crc = load_le<uint32_t>(data + 40);
  header.directory_size = load_le<uint32_t>(data + 44);
  return header;
}

void append_entry(std::string& out, Entry& entry) {
  const size_t before = out.size();
  out.push_back(static_cast<char>(entry.kind));
  out.append(view(entry.uuid));
  if (entry.kind == EntryKind::kRemoved) {
    append_varint(out, entry.segment);
  } else {
    append_varint(out, entry.size);
    append_le(out, entry.crc);
    append_sized(out, entry.description);
  }
  entry.entry_size = out.size() - before;
}

std::optional<std::vector<Entry>> decode_entries(std::string_view bytes) {
  std::vector<Entry> entries;
  ByteReader reader(bytes);
  while (!reader.empty()) {
    const size_t before = reader.rest().size();
    const auto kind = reader.take_le<uint8_t>();
    const auto uuid = take_uuid(reader);
    if (!uuid || *kind < 1 || *kind > 3) {
      return std::nullopt;
    }
    Entry entry;
    entry.kind = static_cast<EntryKind>(*kind);
    entry.uuid = *uuid;
    const bool whole = entry.kind == EntryKind::kRemoved ? take_removed_entry(reader, entry)
                                                         : take_stored_entry(reader, entry);
    if (!whole) {
      return std::nullopt;
    }
    entry.entry_size = before - reader.rest().size();
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string encode_redo(const index::KvBatch& changes) {
  std::string out;
  size_t size = 0;
  for (const auto& change : changes.changes()) {
    size += change.key.size() + change.value.size() + 12;
  }
  out.reserve(size);
  for (const auto& change : changes.changes()) {
    out.push_back(change.erase ? 1 : 0);
    append_sized(out, change.key);
    if (!change.erase) {
      append_sized(out, change.value);
    }
  }
  return out;
}

bool decode_redo(std::string_view bytes, index::KvBatch* changes) {
  ByteReader reader(bytes);
  while (!reader.empty()) {
    const auto kind = reader.take_le<uint8_t>();
    const auto key = reader.take_sized();
    if (!key || *kind > 1) {
      return false;
    }
    if (*kind == 1) {
      changes->erase(std::string(*key));
      continue;
    }
    const auto value = reader.take_sized();
    if (!value) {
      return false;
    }
    changes->put(std::string(*key), std::string(*value));
  }
  return true;
}

std::string location_key(const BlobUuid& uuid) {
  std::string key = "B";
  key.append(view(uuid));
  return key;
}

std::optional<BlobUuid> location_uuid(std::string_view key) {
  if (key.size() != 17 || key[0] != 'B') {
    return std::nullopt;
  }
  BlobUuid uuid;
  std::copy(key.begin() + 1, key.end(), uuid.begin());
  return uuid;
}

std::string encode(const Location& location) {
  std::string out;
  out.push_back(static_cast<char>(location.form));
  append_varint(out, location.segment);
  append_varint(out, location.offset);
  append_varint(out, location.size);
  append_le(out, location.crc);
  append_varint(out, location.entry_size);
  return out;
}

std::optional<Location> decode_location(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto form = reader.take_le<uint8_t>();
  const auto segment = reader.take_varint();
  const auto offset = reader.take_varint();
  const auto size = reader.take_varint();
  const auto crc = reader.take_le<uint32_t>();
  const auto entry_size = reader.take_varint();
  // A varint that is none is not consumed: what comes behind it may well be readable.
  const bool whole = form && segment && offset && size && crc && entry_size && reader.empty();
  if (!whole || *form < 1 || *form > 2 || *segment > UINT32_MAX) {
    return std::nullopt;
  }
  return Location{
      static_cast<BlobForm>(*form), static_cast<uint32_t>(*segment), *offset, *size, *crc, *entry_size};
}

std::string encode(const Checkpoint& checkpoint) {
  std::string out;
  append_le(out, checkpoint.group);
  append_le(out, checkpoint.segment);
  append_le(out, checkpoint.offset);
  return out;
}

std::optional<Checkpoint> decode_checkpoint(std::string_view bytes) {
  if (bytes.size() != 20) {
    return std::nullopt;
  }
  return Checkpoint{load_le<uint64_t>(bytes.data()), load_le<uint32_t>(bytes.data() + 8),
                    load_le<uint64_t>(bytes.data() + 12)};
}

void add_locations(const std::vector<Entry>& entries, uint32_t segment, uint64_t group_offset,
                   uint64_t data_offset, index::KvBatch* changes) {
  for (const Entry& entry : entries) {
    if (entry.kind == EntryKind::kRemoved) {
      continue;  // the redo record erases the key
    }
    const bool in_segment = entry.kind == EntryKind::kBlob;
    const Location location{in_segment ? BlobForm::kSegment : BlobForm::kFile,
                            segment,
                            in_segment ? data_offset : group_offset,
                            entry.size,
                            entry.crc,
                            entry.entry_size};
    changes->put(location_key(entry.uuid), encode(location));
    if (in_segment) {
      data_offset += entry.size;
    }
  }
}

}  // namespace hilum::storage
