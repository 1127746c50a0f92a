#include "core/http/body.h"

#include <hilum/cpp/error.h>
#include <hilum/cpp/nameless_file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace hilum::http {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

int open_spool(const std::string& directory) {
  const int fd = open_nameless_file(directory);
  if (fd < 0) {
    throw Error(HILUM_E_FULL_STORAGE, 507, "The file storage is full",
                "cannot spool a request body in " + directory + ": " + reason(errno));
  }
  return fd;
}

}  // namespace

Body::Body(Body&& other) noexcept { *this = std::move(other); }

Body& Body::operator=(Body&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    memory_ = std::move(other.memory_);
    fd_ = std::exchange(other.fd_, -1);
    size_ = std::exchange(other.size_, 0);
    other.memory_.clear();
  }
  return *this;
}

Body::~Body() {
  if (fd_ >= 0) ::close(fd_);
}

size_t Body::read(uint64_t offset, void* buffer, size_t n) const {
  if (offset >= size_) return 0;
  n = static_cast<size_t>(std::min<uint64_t>(n, size_ - offset));
  if (fd_ < 0) {
    std::memcpy(buffer, memory_.data() + offset, n);
    return n;
  }
  size_t done = 0;
  while (done < n) {
    const ssize_t got =
        ::pread(fd_, static_cast<char*>(buffer) + done, n - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw Error(HILUM_E_INTERNAL, "cannot read a spooled request body: " + reason(errno));
    done += static_cast<size_t>(got);
  }
  return n;
}

int Body::take_spool_fd() {
  size_ = fd_ < 0 ? size_ : 0;
  return std::exchange(fd_, -1);
}

std::string Body::text(size_t limit) const {
  if (size_ > limit) {
    throw Error(HILUM_E_TOO_LARGE, "a body of " + std::to_string(size_) + " bytes where at most " +
                                       std::to_string(limit) + " are expected");
  }
  if (fd_ < 0) return memory_;
  std::string all(static_cast<size_t>(size_), '\0');
  read(0, all.data(), all.size());
  return all;
}

std::string Body::take_text(size_t limit) {
  if (fd_ >= 0 || size_ > limit) return text(limit);
  size_ = 0;
  return std::exchange(memory_, {});
}

BodyWriter::BodyWriter(BodyWriter&& other) noexcept : limits_(other.limits_) { *this = std::move(other); }

BodyWriter& BodyWriter::operator=(BodyWriter&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    limits_ = other.limits_;
    memory_ = std::exchange(other.memory_, {});
    fd_ = std::exchange(other.fd_, -1);
    size_ = std::exchange(other.size_, 0);
    write_behind_ = std::exchange(other.write_behind_, {});
  }
  return *this;
}

BodyWriter::~BodyWriter() {
  if (fd_ >= 0) ::close(fd_);
}

void BodyWriter::expect(uint64_t size) {
  if (size <= limits_->memory_size) memory_.reserve(static_cast<size_t>(size));
}

void BodyWriter::append(const char* data, size_t n) {
  if (limits_->max_size > 0 && n > limits_->max_size - std::min(size_, limits_->max_size)) {
    throw Error(HILUM_E_TOO_LARGE, "the body is longer than MaximumRequestBodySizeMB allows (" +
                                       std::to_string(limits_->max_size) + " bytes)");
  }
  if (fd_ < 0 && n > limits_->memory_size - std::min(memory_.size(), limits_->memory_size)) {
    fd_ = open_spool(limits_->spool_directory);
    spool(memory_.data(), memory_.size());
    std::string().swap(memory_);
  }
  if (fd_ < 0) {
    memory_.append(data, n);
  } else {
    spool(data, n);
    write_behind_.grown_to(fd_, size_ + n);
  }
  size_ += n;
}

void BodyWriter::spool(const char* data, size_t n) {
  while (n > 0) {
    const ssize_t written = ::write(fd_, data, n);
    if (written < 0) {
      if (errno == EINTR) continue;
      throw Error(HILUM_E_FULL_STORAGE, 507, "The file storage is full",
                  "cannot spool a request body in " + limits_->spool_directory + ": " + reason(errno));
    }
    data += written;
    n -= static_cast<size_t>(written);
  }
}

Body BodyWriter::finish() {
  const uint64_t size = std::exchange(size_, 0);
  write_behind_ = {};
  if (fd_ >= 0) return Body(std::exchange(fd_, -1), size);
  return Body(std::exchange(memory_, {}));
}

}  // namespace hilum::http
