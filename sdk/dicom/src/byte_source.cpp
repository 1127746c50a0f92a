#include <hilum/cpp/error.h>
#include <hilum/dicom/byte_source.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hilum::dicom {

size_t ByteSource::read(uint64_t position, void* to, size_t count) const {
  if (position >= size_) return 0;
  count = static_cast<size_t>(std::min<uint64_t>(count, size_ - position));
  if (data_ != nullptr) {
    std::memcpy(to, data_ + position, count);
    return count;
  }
  if (function_ != nullptr) return (*function_)(offset_ + position, to, count);
  size_t done = 0;
  if (position < head_.size()) {
    done = std::min(count, head_.size() - static_cast<size_t>(position));
    std::memcpy(to, head_.data() + position, done);
  }
  while (done < count) {
    const ssize_t got = ::pread(fd_, static_cast<char*>(to) + done, count - done,
                                static_cast<off_t>(offset_ + position + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw Error(HILUM_E_SYSTEM, std::string("cannot read a DICOM file: ") + std::strerror(errno));
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

std::string ByteSource::copy(uint64_t position, uint64_t count) const {
  if (position >= size_) return {};
  std::string bytes(static_cast<size_t>(std::min(count, size_ - position)), '\0');
  bytes.resize(read(position, bytes.data(), bytes.size()));
  return bytes;
}

ByteSource ByteSource::part(uint64_t position, uint64_t count) const {
  position = std::min(position, size_);
  ByteSource result = *this;
  result.size_ = std::min(count, size_ - position);
  if (data_ != nullptr)
    result.data_ += position;
  else
    result.offset_ += position;
  result.head_ = head_.substr(std::min<uint64_t>(position, head_.size()));
  return result;
}

}  // namespace hilum::dicom
