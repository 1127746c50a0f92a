// A segment of the log, as a torn write or a damaged disk would leave it.
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "core/ingest/description.h"
#include "core/storage/crc32c.h"
#include "core/storage/segment_scan.h"
#include "tests/fuzz/fuzz.h"

using namespace hilum;
using namespace hilum::storage;

namespace {

template <typename T>
T at(const std::string& bytes, size_t offset) {
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}
void put32(std::string& bytes, size_t offset, uint32_t value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

// Makes all checksums right (segments.md), or no input would ever get behind them.
void seal(std::string& bytes) {
  if (bytes.size() < kSegmentHeaderSize) return;
  std::memcpy(bytes.data(), "HILUMSEG", 8);
  put32(bytes, 8, 1);
  put32(bytes, 60, crc32c({bytes.data(), 60}));
  const uint32_t salt = crc32c({bytes.data() + 16, 8});
  for (size_t group = kSegmentHeaderSize; bytes.size() - group >= kGroupHeaderSize;) {
    const auto meta = at<uint64_t>(bytes, group + 24);
    const auto blobs = at<uint64_t>(bytes, group + 32);
    const size_t room = bytes.size() - group - kGroupHeaderSize;
    std::memcpy(bytes.data() + group, "HGRP", 4);
    if (meta <= room) put32(bytes, group + 40, crc32c({bytes.data() + group + kGroupHeaderSize, meta}));
    put32(bytes, group + 4, crc32c(salt, bytes.data() + group + 8, kGroupHeaderSize - 8));
    if (meta > room || blobs > room - meta) return;
    group += kGroupHeaderSize + meta + blobs;
  }
}

void scan(const std::string& bytes, uint64_t limit) {
  const int fd = memfd_create("segment", MFD_CLOEXEC);
  fuzz::require(fd >= 0 && write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
                "the segment can be written");
  auto file = std::make_shared<SegmentFile>();
  file->fd.reset(fd);
  file->path = "segment";
  fuzz::accepted([&] {
    SegmentScan groups(file, kSegmentHeaderSize, limit);
    uint64_t end = kSegmentHeaderSize;
    while (const auto group = groups.next()) {
      fuzz::require(group->offset == end && group->end() > end, "groups come one after the other");
      end = group->end();
      fuzz::require(end <= bytes.size(), "a group lies within the file");
      groups.verify(*group);
      index::KvBatch changes;
      decode_redo(group->redo, &changes);
      add_locations(group->entries, 1, group->offset, group->data_offset(), &changes);
      for (const auto& change : changes.changes()) {
        if (location_uuid(change.key)) decode_location(change.value);
      }
    }
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(fuzz::text_of(data, size));
  decode_segment_header(bytes);
  decode_group_header(bytes, 0);
  decode_location(bytes);
  decode_checkpoint(bytes);
  decode_entries(bytes);
  index::KvBatch changes;
  decode_redo(bytes, &changes);
  scan(bytes, UINT64_MAX);
  seal(bytes);
  scan(bytes, UINT64_MAX);
  scan(bytes, size / 2);
  return 0;
}
