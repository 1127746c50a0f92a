// Reading what the index says about resources again from their files.
#pragma once

#include "core/ingest/ingest.h"
#include "core/ingest/prepare.h"

namespace hilum::ingest {

// See Ingest::reconstruct(). One instance at a time, each a change of its own.
void reconstruct(Ingest& ingest, const Stager& stager, const PublicId& id, bool files, bool only_own_level);

}  // namespace hilum::ingest
