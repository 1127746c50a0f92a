// C-FIND of the Patient Root and Study Root models (PS3.4 annex C).
#pragma once

#include <string>

#include "core/dimse/command.h"
#include "core/dimse/find_query.h"
#include "core/dimse/link.h"
#include "core/ingest/ingest.h"

namespace hilum::dimse {

struct FindOutcome {
  Receive received = Receive::kOk;  // else the association is over
  bool response_sent = true;
  bool is_cancelled = false;
  uint16_t status = 0;
  std::string comment;
  uint64_t answers = 0;
};

// Serves C-FIND requests. Shared by all associations; thread-safe.
class FindScp {
 public:
  FindScp(const ingest::Ingest& ingest, const ServerOptions& options) : ingest_(ingest), options_(options) {}

  // Receives the identifier that belongs to `command` and sends the answers.
  FindOutcome serve(Link& link, uint8_t context, const Command& command, const std::string& transfer_syntax,
                    dicom::Encoding default_encoding, std::chrono::milliseconds timeout) const;

 private:
  struct Request;
  void answer(Link& link, const Request& request, const std::string& identifier, FindOutcome* outcome) const;
  // Reads what the peer has sent meanwhile: false if it has cancelled, or is gone.
  static bool is_wanted(Link& link, const Request& request, FindOutcome* outcome);
  bool send_match(Link& link, const Request& request, const FindQuery& query, const FindRules& rules,
                  const index::Snapshot& snapshot, const index::Found& found, FindOutcome* outcome) const;

  const ingest::Ingest& ingest_;
  const ServerOptions& options_;
};

}  // namespace hilum::dimse
