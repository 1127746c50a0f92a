// ZIP archives on the way in: entry by entry, bounded.
#pragma once

#include <hilum/dicom/byte_source.h>

#include <functional>
#include <string>

#include "core/ingest/ingest.h"

namespace hilum::ingest {

// Does it begin as a ZIP archive with entries does?
bool is_zip(const dicom::ByteSource& source);

// Calls `on_file` for every file that is not empty, in the order of the archive; folders, links and empty
// files are passed over. One entry is held at a time: in memory, or in a spool file in `spool_folder` if it
// is over 1 MiB. HILUM_E_BAD_FORMAT if the archive is damaged, encrypted, or an entry unpacks to more than
// `entry_limit` bytes.
void for_each_zip_entry(const dicom::ByteSource& archive, uint64_t entry_limit,
                        const std::string& spool_folder,
                        const std::function<void(const std::string& name, Bytes&& content)>& on_file);

}  // namespace hilum::ingest
