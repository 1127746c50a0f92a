// Writing the log: one group after the other, each with one flush.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/files.h"
#include "core/storage/file_system.h"
#include "core/storage/log_format.h"
#include "core/storage/segment_folder.h"

namespace hilum::storage {

struct LogOptions {
  bool durable = true;
  uint64_t segment_size = 256ull << 20;
  // Zeros written ahead of small groups, see segments.md; 0: none.
  uint64_t zeros_ahead = 4ull << 20;
};

// The end of the log. Belongs to the committing thread.
class SegmentLog {
 public:
  SegmentLog(SegmentFolder& folder, FileSystem& files, LogOptions options);

  // Goes on behind `end` of an existing segment: what lies there is cut off.
  void resume(uint32_t segment, uint64_t end, uint64_t last_group);
  // Goes on in a new segment; what `segment` holds behind `end` doesn't count.
  void resume_behind(uint32_t segment, uint64_t end, uint64_t last_group);

  struct Place {
    uint32_t segment = 0;
    uint64_t group_offset = 0;
    uint64_t data_offset = 0;
  };
  // Writes and flushes a group. On an Error it doesn't count. Completes `entries` (entry_size).
  Place append(uint64_t number, std::vector<Entry>& entries, std::string_view redo,
               const std::vector<std::string_view>& blobs);
  // Goes on in a new segment.
  void start_segment();
  // The last group doesn't count.
  void abandon_last();

  uint32_t segment() const { return segment_; }  // 0: none yet
  uint64_t end() const { return end_; }
  uint64_t last_group() const { return last_group_; }

 private:
  void make_room(uint64_t size);
  bool is_space_for_zeros() const;
  void write_zeros(uint64_t from, uint64_t size);
  void give_up_tail(uint64_t end);

  SegmentFolder& folder_;
  FileSystem& files_;
  const LogOptions options_;
  UniqueFd fd_;
  uint32_t segment_ = 0;  // the one in use, or the last one if fd_ is not open
  uint64_t salt_ = 0;
  uint64_t end_ = 0;  // behind the last group that counts
  uint64_t zeros_end_ = 0;
  uint64_t last_group_ = 0;
  uint64_t group_before_ = 0;  // state before the last group, for abandon_last()
  uint64_t end_before_ = 0;
  uint32_t newest_ = 0;  // greatest number ever tried
};

}  // namespace hilum::storage
