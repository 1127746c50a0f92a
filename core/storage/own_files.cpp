#include "core/storage/own_files.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/base/uuid.h"

namespace hilum::storage {
namespace {

constexpr size_t kCopyPiece = 256 * 1024;

}  // namespace

OwnFiles::OwnFiles(std::string folder, FileSystem& files, bool durable)
    : folder_(std::move(folder)), files_(files), durable_(durable) {}

std::string OwnFiles::folder_of(const BlobUuid& uuid) const {
  return fmt::format("{}/{:02x}/{:02x}", folder_, uuid[2], uuid[3]);
}

std::string OwnFiles::path_of(const BlobUuid& uuid) const {
  return folder_of(uuid) + "/" + Uuid(uuid).text();
}

void OwnFiles::make_folders(const BlobUuid& uuid) {
  const std::string inner = folder_of(uuid);
  const std::string outer = inner.substr(0, inner.size() - 3);
  const bool new_outer = make_folder(files_, outer);
  const bool new_inner = make_folder(files_, inner);
  if (durable_ && new_inner) {
    flush_folder(files_, outer);
  }
  if (durable_ && new_outer) {
    flush_folder(files_, folder_);
  }
}

UniqueFd OwnFiles::create(const BlobUuid& uuid, std::string_view bytes) {
  const std::string path = path_of(uuid);
  UniqueFd fd(files_.open(path, O_RDWR | O_CREAT | O_EXCL, 0600));
  if (!fd && errno == ENOENT) {
    make_folders(uuid);
    fd.reset(files_.open(path, O_RDWR | O_CREAT | O_EXCL, 0600));
  }
  if (!fd) {
    fail_write(path);
  }
  try {
    iovec whole{const_cast<char*>(bytes.data()), bytes.size()};
    write_pieces(files_, fd.get(), &whole, bytes.empty() ? 0 : 1, 0, path);
  } catch (...) {
    files_.unlink(path);
    throw;
  }
  return fd;
}

UniqueFd OwnFiles::adopt(const BlobUuid& uuid, UniqueFd fd) {
  const std::string path = path_of(uuid);
  if (files_.link(fd.get(), path) == 0) {
    return fd;
  }
  if (errno == ENOENT) {
    make_folders(uuid);
    if (files_.link(fd.get(), path) == 0) {
      return fd;
    }
  }
  if (errno != ENOENT && errno != EPERM && errno != EOPNOTSUPP) {
    fail_write(path);
  }
  return copy(uuid, fd.get());
}

UniqueFd OwnFiles::copy(const BlobUuid& uuid, int from) {
  const std::string path = path_of(uuid);
  UniqueFd to = create(uuid, {});
  try {
    std::string piece(kCopyPiece, '\0');
    const uint64_t size = file_size(from, path);
    for (uint64_t at = 0; at < size;) {
      const uint64_t some = std::min<uint64_t>(piece.size(), size - at);
      read_all_at(from, piece.data(), some, at, path);
      iovec bytes{piece.data(), static_cast<size_t>(some)};
      write_pieces(files_, to.get(), &bytes, 1, at, path);
      at += some;
    }
  } catch (...) {
    files_.unlink(path);
    throw;
  }
  return to;
}

void OwnFiles::flush(const BlobUuid& uuid, int fd) {
  if (!durable_) {
    return;
  }
  const std::lock_guard lock(flush_mutex_);
  if (files_.fdatasync(fd) != 0) {
    fail_write(path_of(uuid));
  }
  flush_folder(files_, folder_of(uuid));
}

void OwnFiles::flush_all() {
  if (!durable_) {
    return;
  }
  const std::lock_guard lock(flush_mutex_);
  const UniqueFd folder(files_.open(folder_, O_RDONLY | O_DIRECTORY, 0));
  if (!folder || files_.syncfs(folder.get()) != 0) {
    fail_write(folder_);
  }
}

bool OwnFiles::remove(const BlobUuid& uuid) { return files_.unlink(path_of(uuid)) == 0; }

void OwnFiles::for_each(const std::function<bool(const BlobUuid&)>& visit) const {
  std::error_code error;
  std::filesystem::recursive_directory_iterator next(folder_, error);
  const std::filesystem::recursive_directory_iterator end;
  while (!error && next != end) {
    const auto uuid = Uuid::parse(next->path().filename().string());
    if (uuid && !visit(uuid->bytes())) {
      return;
    }
    next.increment(error);
  }
}

}  // namespace hilum::storage
