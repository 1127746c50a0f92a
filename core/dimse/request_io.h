// What commands with an identifier have in common: the identifier comes in, data sets go out, and the client may cancel.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "core/dimse/command.h"
#include "core/dimse/link.h"

namespace hilum::dimse {

// Of an identifier: a list of some 100,000 UIDs.
inline constexpr size_t kMaximumIdentifier = 8u << 20;

// Statuses of PS3.4 sections C.4.1 to C.4.3.
inline constexpr uint16_t kPending = 0xff00;
inline constexpr uint16_t kCancelled = 0xfe00;
inline constexpr uint16_t kUnableToProcess = 0xc000;
inline constexpr uint16_t kOutOfResources = 0xa700;
inline constexpr uint16_t kSubOperationsFailed = 0xa702;   // all of them
inline constexpr uint16_t kSubOperationsWarning = 0xb000;  // some of them
inline constexpr uint16_t kProcessingFailure = 0x0110;     // of N-ACTION and N-EVENT-REPORT

// What came of a request; the base of the outcomes of commands.
struct Outcome {
  Receive received = Receive::kOk;  // else the association is over
  bool response_sent = true;
  bool is_cancelled = false;
  uint16_t status = 0;
  std::string comment;
};

// The data set that follows a command. Empty, with a status in `outcome`, if it is too long: all of it has been read then.
std::string receive_identifier(Link& link, uint8_t context, std::chrono::milliseconds timeout,
                               Outcome* outcome);

// Reads a command of which something has arrived.
Receive receive_rest_of_command(Link& link, std::chrono::milliseconds timeout, std::string* bytes,
                                uint8_t* context);

// Looks at what the peer has sent meanwhile, without waiting: C-CANCEL of this request, or the end of the association. Anything
// else is a violation, for one command is served at a time. False if nobody waits for more; `outcome` says why.
bool is_still_wanted(Link& link, uint16_t message_id, Outcome* outcome);

// Calls `serve`; what it throws becomes the status 0xc000 with a comment, unless nobody waits for a status, or the client has
// cancelled.
void catch_failure(Outcome* outcome, const std::function<void()>& serve);

// The bytes of a data set in an uncompressed transfer syntax.
std::string encode_data_set(DcmDataset& data_set, const std::string& transfer_syntax);

}  // namespace hilum::dimse
