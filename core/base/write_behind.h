// Large files on their way to the disk.
#pragma once

#include <fcntl.h>

#include <cstdint>

namespace hilum {

// Of a file that is written from front to end and flushed later: has the system write each 8 MiB as soon as they are
// there, without waiting, so that the flush of a large file finds little left to do. Smaller files never get to it: they
// may well be deleted before anybody needs them on the disk.
class WriteBehind {
 public:
  // The file is `end` bytes long by now. Failures are left to the flush.
  void grown_to(int fd, uint64_t end) {
    constexpr uint64_t kPiece = 8ull << 20;
    if (end - begun_ >= kPiece) {
      sync_file_range(fd, static_cast<off64_t>(begun_), static_cast<off64_t>(end - begun_),
                      SYNC_FILE_RANGE_WRITE);
      begun_ = end;
    }
  }

 private:
  uint64_t begun_ = 0;
};

}  // namespace hilum
