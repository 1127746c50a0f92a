// The storage folder by itself: what it holds, and whether it and the locations in the index's store agree.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/storage/blob_store.h"
#include "core/storage/log_format.h"

namespace hilum::storage {

// A blob as the log alone tells it.
struct LoggedBlob {
  BlobUuid uuid{};
  Location location;
  std::string description;  // see StagedBlob::describe()
};

// What a walk through the folder found.
struct Walk {
  Checkpoint end;                       // behind the last whole group
  std::vector<std::string> problems;    // damaged segments
  std::vector<BlobUuid> unknown_files;  // files of their own of which the log knows nothing, not even removal
};

// Visits every blob that was stored and not removed, from the log alone, and no index. One that was being
// moved when the process ended may come twice, with the same bytes. `reader` is null if the file is missing.
// The caller holds the folder (lock_storage, or a SegmentStore that is not written to).
Walk for_each_blob(const std::string& folder,
                   const std::function<void(const LoggedBlob&, const BlobReader* reader)>& visit);

// Compares log, files and locations in both directions; `deep` reads all bytes and compares checksums.
// Returns a line for every problem.
std::vector<std::string> check_blobs(const std::string& folder, const index::KvStore& store, bool deep);

}  // namespace hilum::storage
