#include <fcntl.h>
#include <hilum/cpp/error.h>
#include <hilum/cpp/nameless_file.h>
#include <hilum/dicom/transcode.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hilum::dicom {

void StringOutput::append(std::string_view bytes) {
  if (bytes.size() > limit_ - bytes_.size()) {
    throw Error(HILUM_E_TOO_LARGE, "a file of more than " + std::to_string(limit_) + " bytes");
  }
  bytes_ += bytes;
}

void StringOutput::overwrite(uint64_t offset, std::string_view bytes) {
  bytes_.replace(static_cast<size_t>(offset), bytes.size(), bytes);
}

SpooledOutput::~SpooledOutput() {
  if (fd_ >= 0) ::close(fd_);
}

void SpooledOutput::append(std::string_view bytes) {
  if (fd_ < 0 && memory_.size() + bytes.size() > in_memory_) spill();
  if (fd_ < 0) {
    memory_ += bytes;
  } else {
    write_file(size_, bytes);
  }
  size_ += bytes.size();
}

void SpooledOutput::overwrite(uint64_t offset, std::string_view bytes) {
  if (fd_ < 0) {
    memory_.replace(static_cast<size_t>(offset), bytes.size(), bytes);
  } else {
    write_file(offset, bytes);
  }
}

ByteSource SpooledOutput::source() {
  return fd_ < 0 ? ByteSource(memory_.data(), memory_.size()) : ByteSource(fd_, 0, size_);
}

void SpooledOutput::spill() {
  fd_ = open_nameless_file(folder_);
  if (fd_ < 0) {
    throw Error(HILUM_E_SYSTEM, "no temporary file in \"" + folder_ + "\": " + std::strerror(errno));
  }
  write_file(0, memory_);
  memory_ = std::string();
}

void SpooledOutput::write_file(uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw Error(HILUM_E_SYSTEM, std::string("cannot write a temporary file: ") + std::strerror(errno));
    }
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
}

}  // namespace hilum::dicom
