// C-MOVE of the Patient Root and Study Root models (PS3.4 section C.4.2): instances go to a third system, or back to the requestor.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/dimse/get_scp.h"
#include "core/dimse/handlers.h"
#include "core/dimse/link.h"
#include "core/dimse/retrieve_lookup.h"
#include "core/dimse/server_options.h"
#include "core/ingest/ingest.h"

namespace hilum::dimse {

// One C-MOVE request, and what it depends on.
struct MoveRequest {
  const Command& command;
  uint8_t context;
  const Peer& peer;
  const std::string& transfer_syntax;  // of the identifier
  dicom::Encoding default_encoding;
  const Modalities& modalities;
  std::chrono::milliseconds timeout;
};

// Serves C-MOVE requests. Shared by all associations; thread-safe.
class MoveScp {
 public:
  MoveScp(const ingest::Ingest& ingest, const ServerOptions& options, const Handlers& handlers)
      : ingest_(ingest), options_(options), handlers_(handlers) {}

  RetrieveOutcome serve(Link& link, const MoveRequest& request) const;

 private:
  struct Plan;
  void move(Link& link, const MoveRequest& request, const std::string& identifier,
            RetrieveOutcome* outcome) const;
  Plan plan(Link& link, const MoveRequest& request, const std::string& identifier,
            RetrieveOutcome* outcome) const;
  // False if nobody takes it over.
  bool hand_over(Link& link, const MoveRequest& request, const Plan& plan, RetrieveOutcome* outcome) const;
  void send_all(Link& link, const MoveRequest& request, const Plan& plan, RetrieveOutcome* outcome) const;
  void fail(const InstanceReference& instance, const std::string& why, RetrieveOutcome* outcome) const;

  const ingest::Ingest& ingest_;
  const ServerOptions& options_;
  const Handlers& handlers_;
};

}  // namespace hilum::dimse
