// C-FIND of the Modality Worklist model (PS3.4 annex K): the entries come from whoever provides them.
#pragma once

#include <string>

#include "core/dimse/find_scp.h"
#include "core/dimse/handlers.h"
#include "core/dimse/link.h"

namespace hilum::dimse {

// Serves worklist queries. Shared by all associations; thread-safe.
class WorklistScp {
 public:
  explicit WorklistScp(const Handlers& handlers) : handlers_(handlers) {}

  // Receives the identifier that belongs to `command` and sends the answers.
  FindOutcome serve(Link& link, uint8_t context, const Command& command, const Peer& peer,
                    const std::string& transfer_syntax, dicom::Encoding default_encoding,
                    std::chrono::milliseconds timeout) const;

 private:
  const Handlers& handlers_;
};

}  // namespace hilum::dimse
