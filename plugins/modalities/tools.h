// What handlers and tasks of this plugin work with.
#pragma once

#include <hilum/cpp/changes.h>
#include <hilum/cpp/commitment.h>
#include <hilum/cpp/jobs.h>
#include <hilum/cpp/log.h>
#include <hilum/cpp/modalities.h>
#include <hilum/cpp/scu.h>
#include <hilum/draft/server.h>
#include <hilum/rest/call.h>
#include <hilum/rest/direct_calls.h>
#include <json/json.h>

#include <string>

#include "arrivals.h"
#include "commitments.h"
#include "store_request.h"

namespace hilum::modalities {

// The services, and what the plugin keeps. Owned by the plugin, outlives all tasks. Any thread.
struct Tools {
  explicit Tools(Host given);
  Tools(const Tools&) = delete;
  Tools& operator=(const Tools&) = delete;

  Host host;
  const hilum_server_draft& server;
  rest::Services services;
  Modalities modalities;
  Scu scu;
  Changes changes;
  Log log;
  Filters filters;
  mutable Arrivals arrivals;
  mutable Commitments commitments;
  mutable rest::DirectCalls direct_calls;
};

// What handlers are given; lives as long as the routes.
struct Context {
  const Tools& tools;
  const Jobs& jobs;
};

// A definition (of hilum.modalities/draft) or a resolved target as an object.
Json::Value parse_definition(const std::string& json);

// The {id} of the path, which must be that of a modality. Throws HILUM_E_INEXISTENT_ITEM.
std::string require_modality(const Tools& tools, const Request& request);

// Whom to talk to, as long as the server does not stop.
ScuTarget target_of(const Tools& tools, const std::string& modality, const Overrides& overrides);

// The body as JSON; an empty one is an empty object where `may_be_empty`. Throws HILUM_E_BAD_FORMAT.
Json::Value json_body(const Request& request, bool may_be_empty, size_t limit = 4u << 20);

// N-ACTION of storage commitment; the transaction is open already.
void ask_to_commit(const Tools& tools, const ScuTarget& target, const std::string& transaction_uid,
                   const std::vector<SopPair>& asked);

}  // namespace hilum::modalities
