#include <hilum/cpp/error.h>
#include <hilum/cpp/nameless_file.h>
#include <hilum/rest/temporary_file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hilum::rest {

namespace {

Error failure(const std::string& what) {
  return Error(HILUM_E_SYSTEM, what + " (option TemporaryDirectory): " + std::strerror(errno));
}

int open_nameless(const std::string& folder) {
  const int file = open_nameless_file(folder);
  if (file < 0) throw failure("no temporary file in \"" + folder + "\"");
  return file;
}

}  // namespace

TemporaryFile::TemporaryFile(const std::string& folder) : file_(open_nameless(folder)) {}

TemporaryFile::~TemporaryFile() { ::close(file_); }

void TemporaryFile::write(uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failure("cannot write a temporary file");
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
}

}  // namespace hilum::rest
