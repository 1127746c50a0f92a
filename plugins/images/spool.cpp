#include "spool.h"

#include <hilum/cpp/error.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace hilum::images {

bool SpoolMemory::take(uint64_t bytes) {
  if ((taken_ += bytes) <= kMost) return true;
  taken_ -= bytes;
  return false;
}

void Spool::move_to_file() {
  file_.emplace(folder_);
  file_->write(0, memory_);
  std::string().swap(memory_);
  shared_.give_back(std::exchange(taken_, 0));
}

void Spool::append(std::string_view bytes) {
  const uint64_t wanted = size_ + bytes.size();
  if (!file_ && wanted > kAlwaysInMemory + taken_) {
    const uint64_t more = wanted - kAlwaysInMemory - taken_;
    if (shared_.take(more)) {
      taken_ += more;
    } else {
      move_to_file();
    }
  }
  if (file_) {
    file_->write(size_, bytes);
  } else {
    memory_.append(bytes);
  }
  size_ += bytes.size();
}

void Spool::send(const std::function<void(std::string_view)>& write) const {
  if (!file_) {
    for (size_t offset = 0; offset < memory_.size(); offset += kPiece) {
      write(std::string_view(memory_).substr(offset, kPiece));
    }
    return;
  }
  std::string piece(kPiece, '\0');
  for (uint64_t offset = 0; offset < size_;) {
    const ssize_t count =
        ::pread(file_->descriptor(), piece.data(), piece.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      throw Error(HILUM_E_SYSTEM, "a temporary file cannot be read: " +
                                      std::generic_category().message(count < 0 ? errno : EIO));
    }
    write({piece.data(), static_cast<size_t>(count)});
    offset += static_cast<uint64_t>(count);
  }
}

}  // namespace hilum::images
