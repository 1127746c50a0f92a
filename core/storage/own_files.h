// Blobs that are files of their own.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "core/base/files.h"
#include "core/storage/file_system.h"
#include "core/storage/log_format.h"

namespace hilum::storage {

// The folder files/. Thread-safe.
class OwnFiles {
 public:
  OwnFiles(std::string folder, FileSystem& files, bool durable);

  std::string path_of(const BlobUuid& uuid) const;
  // A new file with these bytes, not flushed.
  UniqueFd create(const BlobUuid& uuid, std::string_view bytes);
  // Gives a file without a name its name, not flushed. A file that the system gives none (see nameless_file.h; FAT has
  // no links) is copied. Returns the one that has the name.
  UniqueFd adopt(const BlobUuid& uuid, UniqueFd fd);
  // Flushes a file and its name. One at a time: several at once are slower.
  void flush(const BlobUuid& uuid, int fd);
  // Flushes everything of the file system, the same way.
  void flush_all();
  // False if there was none or it cannot be removed.
  bool remove(const BlobUuid& uuid);
  // All files, in no particular order, until `visit` returns false. Names that are no UUIDs are passed over.
  void for_each(const std::function<bool(const BlobUuid&)>& visit) const;

 private:
  std::string folder_of(const BlobUuid& uuid) const;
  void make_folders(const BlobUuid& uuid);
  UniqueFd copy(const BlobUuid& uuid, int from);

  const std::string folder_;
  FileSystem& files_;
  const bool durable_;
  std::mutex flush_mutex_;
};

}  // namespace hilum::storage
