// All entries: those of the folder, and those that were made over REST, which are files of the folder or records of the database.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/cpp/records.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "folder.h"

namespace hilum::worklists {

// Thread-safe. A record has the time at which its entry was made (milliseconds since 1970, 8 bytes, little endian) and, in the
// database, the entry's file behind it.
class Store {
 public:
  Store(Host host, std::string folder, bool in_database);

  // Those of the database first, by the time of their making; then those of the folder.
  std::vector<EntryPointer> entries(dicom::Encoding default_encoding);
  // Null if there is none.
  EntryPointer find(std::string_view id, dicom::Encoding default_encoding);
  // HILUM_E_BUSY if there are too many.
  void create(const std::string& id, const std::string& file, dicom::Encoding default_encoding);
  // In its place. HILUM_E_UNKNOWN_RESOURCE if there is none.
  void replace(const std::string& id, const std::string& file, dicom::Encoding default_encoding);
  bool remove(const std::string& id);
  // Of those that were made over REST: of this study, or made before this time. Returns how many.
  size_t remove_of_study(std::string_view study_instance_uid, dicom::Encoding default_encoding);
  size_t remove_older(int64_t made_before_ms);

  const Folder& folder() const { return folder_; }

 private:
  struct Made {
    int64_t time_ms = 0;
    EntryPointer entry;  // null: a file of the folder
  };
  void load(dicom::Encoding default_encoding);

  Records records_;
  const Log log_;
  Folder folder_;
  const bool in_database_;
  std::mutex mutex_;
  bool is_loaded_ = false;
  std::map<std::string, Made> made_;  // over REST, by id
};

}  // namespace hilum::worklists
