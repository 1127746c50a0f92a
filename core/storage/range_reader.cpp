#include "core/storage/range_reader.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "core/base/metrics.h"

namespace hilum::storage {

size_t RangeReader::read(uint64_t offset, void* buffer, size_t capacity) const {
  if (offset >= size_) {
    return 0;
  }
  static Timer& timer = metrics().timer("orthanc_storage_read_duration_ms");
  static Counter& bytes = metrics().counter("orthanc_storage_read_bytes");
  const ScopedTimer measured(timer);
  const auto wanted = static_cast<size_t>(std::min<uint64_t>(capacity, size_ - offset));
  bytes.add(static_cast<int64_t>(wanted));
  try {
    read_all_at(file_->fd.get(), buffer, wanted, offset_ + offset, file_->path);
  } catch (const Error& error) {
    throw Error(HILUM_E_CORRUPTED, error.details());
  }
  return wanted;
}

std::unique_ptr<BlobReader> open_blob(const BlobUuid& uuid, const Location& where,
                                      const SegmentFolder& segments, const OwnFiles& files) {
  if (where.form == BlobForm::kSegment) {
    auto file = segments.open(where.segment);
    return file ? std::make_unique<RangeReader>(std::move(file), where.offset, where.size) : nullptr;
  }
  std::string path = files.path_of(uuid);
  UniqueFd fd;
  do {
    fd.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  } while (!fd && errno == EINTR);
  if (!fd) {
    return nullptr;
  }
  return std::make_unique<RangeReader>(
      std::make_shared<const SegmentFile>(SegmentFile{std::move(fd), std::move(path)}), 0, where.size);
}

UniqueFd lock_storage(const std::string& folder, FileSystem& files) {
  const std::string path = folder + "/lock";
  UniqueFd lock(files.open(path, O_RDWR | O_CREAT, 0600));
  if (!lock) {
    fail_write(path);
  }
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    throw Error(HILUM_E_DATABASE,
                "the storage directory " + folder + " is in use by another process; stop that one first");
  }
  return lock;
}

}  // namespace hilum::storage
