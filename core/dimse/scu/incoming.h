// Instances that arrive during a C-GET: to the ingest, like those that others send.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/dimse/command.h"
#include "core/dimse/scu/connection.h"
#include "core/dimse/scu/target.h"
#include "core/ingest/ingest.h"

namespace hilum::dimse {

// Belongs to one C-GET.
class IncomingInstances {
 public:
  IncomingInstances(ingest::Ingest& ingest, const Target& target, Connection& connection);

  // Receives the data set of a C-STORE-RQ, stores it and responds. Nothing if it could not be stored: then the peer is told so, and
  // counts it. Throws ConnectionError.
  std::optional<ingest::Stored> store(const Command& command, uint8_t context);
  uint64_t last_size() const { return last_size_; }

 private:
  ingest::Ingest& ingest_;
  const Target& target_;
  Connection& connection_;
  const std::string address_;
  uint64_t last_size_ = 0;
};

// Would an idle association do for a C-GET with these proposals?
bool takes_all(const Connection& idle, const std::vector<Proposal>& proposals);

}  // namespace hilum::dimse
