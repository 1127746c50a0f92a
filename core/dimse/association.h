// The life of one association: negotiation, commands one after the other, end.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "core/dimse/association_pool.h"
#include "core/dimse/command.h"
#include "core/dimse/commitment_scp.h"
#include "core/dimse/find_scp.h"
#include "core/dimse/get_scp.h"
#include "core/dimse/link.h"
#include "core/dimse/move_scp.h"
#include "core/dimse/negotiation.h"
#include "core/dimse/permissions.h"
#include "core/dimse/store_scp.h"
#include "core/dimse/worklist_scp.h"

namespace hilum::dimse {

// What all associations of a server share. Everything in it is thread-safe.
struct Shared {
  const ServerOptions& options;
  StoreScp& store;
  FindScp& find;
  MoveScp& move;
  GetScp& get;
  WorklistScp& worklists;
  CommitmentScp& commitment;
  const Handlers& handlers;
  T_ASC_Network* network;
  TlsLayer* tls_layer;                                             // of the network; null without TLS
  int stop_fd;                                                     // readable when the server stops
  std::function<std::shared_ptr<const NegotiationRules>()> rules;  // as they are now
  std::function<std::shared_ptr<const Modalities>()> modalities;   // as they are now
  std::function<dicom::Encoding()> default_encoding;               // as it is now
  std::atomic<uint64_t>& rejected;
  std::atomic<uint64_t>& instances_stored;
};

// Serves the association that begins on the socket of `ready` until its end. Never throws. Runs on the thread of the
// association.
void serve_association(const Shared& shared, Ready& ready);

}  // namespace hilum::dimse
