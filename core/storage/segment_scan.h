// Reading the log from front to back: recovery, compaction and the checks.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/storage/log_format.h"
#include "core/storage/segment_folder.h"

namespace hilum::storage {

// A whole group: its header, directory and redo record match their checksums; the blob bytes are there, but
// only verify() reads them.
struct Group {
  GroupHeader header;
  uint64_t offset = 0;
  std::vector<Entry> entries;
  std::string redo;

  uint64_t data_offset() const { return offset + kGroupHeaderSize + header.meta_size; }
  uint64_t end() const { return data_offset() + header.data_size; }
};

// Goes through the groups of one segment. One thread.
class SegmentScan {
 public:
  // HILUM_E_CORRUPTED if the segment's header is damaged. `limit`: what lies behind doesn't count.
  SegmentScan(std::shared_ptr<const SegmentFile> file, uint64_t offset, uint64_t limit);

  const SegmentHeader& header() const { return header_; }
  uint64_t offset() const { return offset_; }  // of the next group; at the end: where the last one ended
  // The next group, or nothing at the end or where something does not match.
  std::optional<Group> next();
  // Do the blob bytes of the group match their checksums?
  bool verify(const Group& group) const;

 private:
  bool read(uint64_t offset, void* target, uint64_t size) const;
  std::shared_ptr<const SegmentFile> file_;
  SegmentHeader header_;
  uint64_t offset_;
  uint64_t limit_;
};

std::optional<SegmentHeader> read_segment_header(const SegmentFile& file);
// Checksum of a range of a file; nothing if it cannot be read to its end.
std::optional<uint32_t> crc_of_range(int fd, uint64_t offset, uint64_t size);

// The segments with their ends as their successors declare them (UINT64_MAX: not declared). A last segment
// whose header was never finished is left out and reported as `unfinished`.
struct SegmentExtent {
  uint32_t number = 0;
  uint64_t limit = UINT64_MAX;
};
std::vector<SegmentExtent> segment_extents(const SegmentFolder& folder, std::optional<uint32_t>* unfinished);

}  // namespace hilum::storage
