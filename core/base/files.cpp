#include "core/base/files.h"

#include <fcntl.h>
#include <hilum/cpp/error.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "core/base/uuid.h"

namespace hilum {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

[[noreturn]] void fail_writing(const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  throw Error(full ? HILUM_E_FULL_STORAGE : HILUM_E_CANNOT_WRITE, path + ": " + reason(error));
}

[[noreturn]] void fail_reading(const std::string& path, int error) {
  throw Error(error == ENOENT || error == ENOTDIR ? HILUM_E_INEXISTENT_FILE : HILUM_E_SYSTEM,
              path + ": " + reason(error));
}

// Calls `write_some(bytes left)` until all is written.
template <typename WriteSome>
void write_fully(std::string_view bytes, const std::string& path, WriteSome write_some) {
  while (!bytes.empty()) {
    const ssize_t written = write_some(bytes);
    if (written < 0 && errno != EINTR) {
      fail_writing(path, errno);
    }
    bytes.remove_prefix(static_cast<size_t>(std::max<ssize_t>(written, 0)));
  }
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

}  // namespace

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) {
    close(fd_);  // whoever needs to know that bytes arrived calls fsync before; nothing can be done here
  }
  fd_ = fd;
}

UniqueFd open_file(const std::string& path, int flags, unsigned mode) {
  int fd;
  do {
    fd = open(path.c_str(), flags | O_CLOEXEC, static_cast<mode_t>(mode));
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) {
    if ((flags & O_ACCMODE) != O_RDONLY) {
      fail_writing(path, errno);
    }
    fail_reading(path, errno);
  }
  return UniqueFd(fd);
}

std::string read_file(const std::string& path, uint64_t max_size) {
  const UniqueFd file = open_file(path, O_RDONLY);
  std::string content;
  size_t block = 64 * 1024;
  struct stat facts {};
  if (fstat(file.get(), &facts) == 0 && facts.st_size > 0) {
    block = static_cast<size_t>(std::min(static_cast<uint64_t>(facts.st_size), max_size)) + 1;
  }
  for (size_t used = 0;;) {
    content.resize(used + block);
    const ssize_t got = read(file.get(), content.data() + used, block);
    if (got < 0 && errno != EINTR) {
      fail_reading(path, errno);
    }
    used += static_cast<size_t>(std::max<ssize_t>(got, 0));
    if (used > max_size) {
      throw Error(HILUM_E_TOO_LARGE, path + ": more than " + std::to_string(max_size) + " bytes");
    }
    if (got == 0) {
      content.resize(used);
      return content;
    }
    block = std::min<size_t>(block, 1024 * 1024);
  }
}

void write_all(int fd, std::string_view bytes, const std::string& path_for_errors) {
  write_fully(bytes, path_for_errors,
              [fd](std::string_view left) { return write(fd, left.data(), left.size()); });
}

void write_all_at(int fd, std::string_view bytes, uint64_t offset, const std::string& path_for_errors) {
  const char* const begin = bytes.data();
  write_fully(bytes, path_for_errors, [=](std::string_view left) {
    const auto position = static_cast<off_t>(offset + static_cast<uint64_t>(left.data() - begin));
    return pwrite(fd, left.data(), left.size(), position);
  });
}

void read_all_at(int fd, void* target, uint64_t size, uint64_t offset, const std::string& path_for_errors) {
  char* next = static_cast<char*>(target);
  while (size > 0) {
    const ssize_t got = pread(fd, next, size, static_cast<off_t>(offset));
    if (got < 0 && errno != EINTR) {
      fail_reading(path_for_errors, errno);
    }
    if (got == 0) {
      throw Error(HILUM_E_CORRUPTED, path_for_errors + ": ends " + std::to_string(size) +
                                         " bytes too early, at offset " + std::to_string(offset));
    }
    const auto advance = static_cast<uint64_t>(std::max<ssize_t>(got, 0));
    next += advance;
    offset += advance;
    size -= advance;
  }
}

uint64_t file_size(int fd, const std::string& path_for_errors) {
  struct stat facts {};
  if (fstat(fd, &facts) != 0) {
    fail_reading(path_for_errors, errno);
  }
  return static_cast<uint64_t>(facts.st_size);
}

void write_file(const std::string& path, std::string_view content) {
  const UniqueFd file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  write_all(file.get(), content, path);
}

void replace_file(const std::string& path, std::string_view content) {
  const std::string draft = path + "." + Uuid::generate().text();
  try {
    const UniqueFd file = open_file(draft, O_WRONLY | O_CREAT | O_EXCL);
    write_all(file.get(), content, draft);
    if (fsync(file.get()) != 0 || rename(draft.c_str(), path.c_str()) != 0) {
      fail_writing(path, errno);
    }
  } catch (...) {
    unlink(draft.c_str());
    throw;
  }
  sync_directory(folder_of(path));
}

void sync_directory(const std::string& path) {
  const UniqueFd folder = open_file(path, O_RDONLY | O_DIRECTORY);
  if (fsync(folder.get()) != 0) {
    fail_writing(path, errno);
  }
}

void create_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return;  // created, there before, or made by somebody else at the same moment
  }
  if (std::filesystem::exists(path, ignored) || error == std::errc::not_a_directory) {
    throw Error(HILUM_E_DIRECTORY_EXPECTED, path + " is not a folder");
  }
  throw Error(HILUM_E_CANNOT_WRITE, "folder " + path + ": " + error.message());
}

}  // namespace hilum
