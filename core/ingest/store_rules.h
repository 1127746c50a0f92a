// What is decided on the committing thread when an instance comes: overwriting, de-duplication, recycling.
#pragma once

#include <string>

#include "core/ingest/committer.h"
#include "core/ingest/ingest.h"

namespace hilum::ingest {

// Adds the instance, or finds that it is there already (then nothing changes, and blobs are not kept).
// `*outcome` is set. HILUM_E_FULL_STORAGE if it does not fit.
Applied apply_store(index::Transaction& transaction, const index::NewInstance& instance,
                    const Options& options, Outcome* outcome);

// Makes room within the limits: deletes the patients that go first, other than `except` (PublicId of the
// incoming one), until `patients` more patients and `bytes` more stored bytes fit. Adds the freed blobs to
// `removed`. HILUM_E_FULL_STORAGE if that is impossible.
void make_room(index::Transaction& transaction, const Options& options, std::optional<index::PublicId> except,
               uint64_t patients, uint64_t bytes, std::vector<index::BlobUuid>& removed);

// Logs that resources have become stable; those that are gone meanwhile are passed over.
Applied apply_stable(index::Transaction& transaction, const std::vector<Touched>& resources);

}  // namespace hilum::ingest
