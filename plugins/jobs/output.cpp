#include "output.h"

#include <fcntl.h>
#include <hilum/cpp/host.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hilum::jobs {

Output::Output(const hilum_job_output& output)
    : media_type_(to_view(output.media_type)), file_name_(to_view(output.file_name)) {
  struct stat facts {};
  if (output.descriptor < 0 || fstat(output.descriptor, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    throw Error(HILUM_E_OUT_OF_RANGE, "the output of a job must be an open regular file");
  }
  size_ = static_cast<uint64_t>(facts.st_size);
  file_ = fcntl(output.descriptor, F_DUPFD_CLOEXEC, 0);
  if (file_ < 0) {
    throw Error(HILUM_E_SYSTEM, std::string("the output of a job cannot be kept: ") + std::strerror(errno));
  }
}

Output::~Output() { ::close(file_); }

void Output::read(uint64_t offset, char* buffer, size_t size) const {
  while (size > 0) {
    const ssize_t count = pread(file_, buffer, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      throw Error(HILUM_E_CORRUPTED, "the output of a job cannot be read any more");
    }
    buffer += count;
    size -= static_cast<size_t>(count);
    offset += static_cast<uint64_t>(count);
  }
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

}  // namespace hilum::jobs
