// C-GET of the Patient Root and Study Root models (PS3.4 section C.4.3): instances go to the requestor over its own association.
#pragma once

#include <string>
#include <vector>

#include "core/dimse/handlers.h"
#include "core/dimse/link.h"
#include "core/dimse/outgoing_instance.h"
#include "core/dimse/request_io.h"
#include "core/ingest/ingest.h"

namespace hilum::dimse {

// A presentation context that was accepted for storage.
struct StorageContext {
  uint8_t id = 0;
  std::string sop_class, transfer_syntax;
};

// What becomes of the instances of a C-MOVE or C-GET.
struct RetrieveOutcome : Outcome {
  SubOperations counters;
  std::vector<std::string> failed_instances;
  uint64_t bytes_sent = 0;  // of data sets

  void fail(const std::string& sop_instance);
};

// The identifier of a last response with failures: FailedSOPInstanceUIDList (0008,0058), as far as its VR holds it. Empty without.
std::string failed_list(const RetrieveOutcome& outcome, const std::string& transfer_syntax);
// The status when all sub-operations are done, and counters that fit a last response.
void conclude(RetrieveOutcome* outcome);

// One C-GET request, and what it depends on.
struct GetRequest {
  const Command& command;
  uint8_t context;
  const std::string& transfer_syntax;  // of the identifier
  dicom::Encoding default_encoding;
  std::vector<StorageContext> storage;  // in the order of their numbers
  bool may_transcode;
  std::chrono::milliseconds timeout;
};

// Which of the contexts takes the instance: its own transfer syntax, else, if transcoding is allowed, the uncompressed ones in the order
// implicit, explicit, big endian, else any if the instance is not compressed. Null: none.
const StorageContext* choose_context(const std::vector<StorageContext>& contexts,
                                     const std::string& sop_class, const std::string& transfer_syntax,
                                     bool may_transcode);

// Serves C-GET requests. Shared by all associations; thread-safe.
class GetScp {
 public:
  GetScp(const ingest::Ingest& ingest, const Handlers& handlers) : ingest_(ingest), handlers_(handlers) {}

  RetrieveOutcome serve(Link& link, const GetRequest& request) const;

 private:
  struct Prepared;
  void send_all(Link& link, const GetRequest& request, const std::string& identifier,
                RetrieveOutcome* outcome) const;
  Prepared prepare(index::ResourceId id, const GetRequest& request) const;
  // False: the association is over, or the client has cancelled.
  bool wait_for_response(Link& link, const GetRequest& request, uint16_t message_id, uint16_t* status,
                         RetrieveOutcome* outcome) const;

  const ingest::Ingest& ingest_;
  const Handlers& handlers_;
};

}  // namespace hilum::dimse
