// `hilum index check` and `hilum index rebuild`: for when no server runs on the archive.
#pragma once

#include <functional>
#include <string>

#include "core/ingest/ingest.h"

namespace hilum::ingest {

// Writes one line of the report.
using Report = std::function<void(const std::string& line)>;

// Both return an exit status: 0 if all is well, 1 if problems were found (each is a line of the report); they
// throw if they cannot work at all (the archive is in use, a folder is missing).

// Applies what the index has lost to it, as a start does, then compares index, locations, log and files in
// all directions. `deep` reads all bytes.
int check_archive(const std::string& storage_folder, const std::string& index_folder, bool deep,
                  const Report& report);

// Makes a new index in `new_index_folder` (which must not exist, or be empty) out of the storage alone.
// Instances, attachments and the metadata of their reception come back; labels, protection, metadata and
// changes of users, and the change log stood in the index only.
int rebuild_index(const std::string& storage_folder, const std::string& new_index_folder,
                  const Options& options, const Report& report);

}  // namespace hilum::ingest
