// GET /instances/{id}/file?transcode=UID
#pragma once

#include "family.h"

namespace hilum::resources {

// Answers with the file in the transfer syntax that the request asks for; false if that is the stored one, or none is
// asked for. Throws HILUM_E_OUT_OF_RANGE (no transfer syntax, no quality), HILUM_E_NOT_IMPLEMENTED (it cannot be had),
// HILUM_E_BUSY (too many are being transcoded).
bool answer_transcoded(Call& call, const Resource& instance, const Blob& blob);

}  // namespace hilum::resources
