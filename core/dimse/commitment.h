// The data sets of storage commitment (PS3.4 annex J), and whether instances are safely stored.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dimse/handlers.h"
#include "core/ingest/ingest.h"

namespace hilum::dimse {

// The action information of an N-ACTION. Throws HILUM_E_BAD_FORMAT for what lacks the transaction or the references.
CommitmentRequest parse_commitment_request(std::string_view data_set, const std::string& transfer_syntax);
// The event information of an N-EVENT-REPORT; `event` and `peer` are not set. The same errors.
CommitmentReport parse_commitment_report(std::string_view data_set, const std::string& transfer_syntax);

// Event information in Explicit VR Little Endian: items without and with failure reason.
std::string encode_commitment_report(const std::string& transaction_uid,
                                     const std::vector<CommitmentItem>& items);

// Sets the failure reason of each: 0 if exactly one stored instance has that UID and class, and its file is there.
// `go_on`, if there is one, is asked between two items: HILUM_E_CANCELED_JOB if it says no.
void look_up_commitment(const ingest::Ingest& ingest, std::vector<CommitmentItem>* items,
                        const std::function<bool()>& go_on = {});

}  // namespace hilum::dimse
