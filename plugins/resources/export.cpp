#include "export.h"

#include <fcntl.h>
#include <hilum/rest/stored_file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

namespace hilum::resources {

namespace {

constexpr size_t kPiece = 1u << 20;
constexpr size_t kLongestPath = 4096;

Error cannot_write(const std::string& path) {
  return Error(HILUM_E_CANNOT_WRITE, "\"" + path + "\": " + std::strerror(errno));
}

// A new file beside its destination, which it replaces as a whole or not at all. On the stack of one request.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)) {
    std::random_device random;
    temporary_ = path_ + ".part-" + std::to_string(random());
    // O_EXCL: never follows a link, never opens what somebody else has put there.
    file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file_ < 0) throw cannot_write(path_);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(temporary_.c_str());
  }

  void write(const char* data, size_t size) {
    while (size > 0) {
      ssize_t count = ::write(file_, data, size);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw cannot_write(path_);
      data += count;
      size -= static_cast<size_t>(count);
    }
  }
  void commit() {
    if (::fdatasync(file_) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0)
      throw cannot_write(path_);
    ::close(file_);
    file_ = -1;
  }

 private:
  std::string path_;
  std::string temporary_;
  int file_ = -1;
};

}  // namespace

void export_instance(Call& call) {
  if (!call.services.config.boolean("RestApiWriteToFileSystemEnabled")) return call.answer.bare(403);
  Snapshot snapshot = call.services.index.snapshot();
  StoredFile file(call.services, require(snapshot, call.id(), HILUM_INSTANCE));
  std::string path = call.request.body(kLongestPath);
  if (path.empty() || path.find('\0') != std::string::npos) {
    throw Error(HILUM_E_BAD_REQUEST, "the body must be the path of the file to write");
  }
  NewFile target(path);
  std::vector<char> piece(kPiece);
  uint64_t offset = 0;
  while (size_t count = file.blob().read(offset, piece.data(), piece.size())) {
    target.write(piece.data(), count);
    offset += count;
  }
  if (offset != file.size()) throw Error(HILUM_E_CORRUPTED, "the stored file is shorter than the index says");
  target.commit();
  call.answer.json("{}");
}

}  // namespace hilum::resources
