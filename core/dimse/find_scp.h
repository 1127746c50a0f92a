// C-FIND of the Patient Root and Study Root models (PS3.4 annex C).
#pragma once

#include <string>

#include "core/dimse/command.h"
#include "core/dimse/find_query.h"
#include "core/dimse/handlers.h"
#include "core/dimse/link.h"
#include "core/dimse/request_io.h"
#include "core/ingest/ingest.h"

namespace hilum::dimse {

struct FindOutcome : Outcome {
  uint64_t answers = 0;
};

// Serves C-FIND requests. Shared by all associations; thread-safe.
class FindScp {
 public:
  FindScp(const ingest::Ingest& ingest, const ServerOptions& options, const Handlers& handlers)
      : ingest_(ingest), options_(options), handlers_(handlers) {}

  // Receives the identifier that belongs to `command` and sends the answers.
  FindOutcome serve(Link& link, uint8_t context, const Command& command, const Peer& peer,
                    const std::string& transfer_syntax, dicom::Encoding default_encoding,
                    std::chrono::milliseconds timeout) const;

 private:
  struct Request;
  void answer(Link& link, const Request& request, const std::string& identifier, FindOutcome* outcome) const;
  bool send_match(Link& link, const Request& request, const FindQuery& query, const FindRules& rules,
                  const index::Snapshot& snapshot, const index::Found& found, FindOutcome* outcome) const;

  const ingest::Ingest& ingest_;
  const ServerOptions& options_;
  const Handlers& handlers_;
};

}  // namespace hilum::dimse
