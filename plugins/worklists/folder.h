// The folder of worklist files: every regular file NAME.wl, in any case of the ending, is an entry.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/cpp/log.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "entry.h"

namespace hilum::worklists {

// Thread-safe. Other programs change the folder at any time: each call looks at it, and reads only the files that are not as they were
// (time of change, size, inode). What cannot be read is left out, with a warning for each version of it.
class Folder {
 public:
  Folder(Host host, std::string path) : log_(host), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  bool exists() const;
  // Ascending by file name; ids are file names without ending.
  std::vector<EntryPointer> entries(dicom::Encoding default_encoding);
  // Makes or replaces an entry. Throws HILUM_E_CANNOT_WRITE.
  void write(std::string_view id, std::string_view file);
  // False if there is none.
  bool remove(std::string_view id);

 private:
  using Stamp = std::tuple<int64_t, int64_t, uint64_t, uint64_t>;  // seconds, nanoseconds, size, inode
  struct Known {
    Stamp stamp;
    dicom::Encoding encoding;
    EntryPointer entry;  // null: it is not readable
  };

  std::map<std::string, Stamp> look() const;
  EntryPointer read(const std::string& name, dicom::Encoding default_encoding) const;
  std::optional<std::string> file_of(std::string_view id) const;

  const Log log_;
  const std::string path_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;  // by file name
};

}  // namespace hilum::worklists
