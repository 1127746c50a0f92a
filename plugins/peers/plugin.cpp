// The entry of the plugin.
#include <hilum/all.h>
#include <hilum/cpp/plugin.h>
#include <hilum/version.h>

#include "routes.h"
#include "store_task.h"

namespace hilum::peers {

namespace {

constexpr const char* kConnectionsOption = "PeerStoreConnections";
constexpr int64_t kMostConnections = 32;

size_t read_connections(const Config& config) {
  config.declare(kConnectionsOption, HILUM_OPTION_INTEGER, "4",
                 "Connections over which a job sends to a peer at once (1 to 32).");
  const int64_t count = config.integer(kConnectionsOption);
  if (count < 1 || count > kMostConnections) {
    throw Error(HILUM_E_OUT_OF_RANGE,
                std::string(kConnectionsOption) + " must be from 1 to " + std::to_string(kMostConnections));
  }
  return static_cast<size_t>(count);
}

}  // namespace

// Made when the server starts, destroyed when it stops. Handlers and tasks only read it.
class Plugin {
 public:
  static constexpr const char* kRequired[] = {HILUM_HTTP_V1,        HILUM_INDEX_V1,     HILUM_ATTACHMENTS_V1,
                                              HILUM_CHANGES_V1,     HILUM_CONFIG_V1,    HILUM_LOG_V1,
                                              HILUM_RECORDS_DRAFT,  HILUM_JOBS_DRAFT,   HILUM_DECODERS_DRAFT,
                                              HILUM_ENCODERS_DRAFT, HILUM_SERVER_DRAFT, nullptr};

  explicit Plugin(Host host)
      : tools_(host), connections_(read_connections(tools_.services.config)), jobs_(host), routes_(host) {
    jobs_.add_type(StoreTask::kType, [this](std::string_view, std::string_view saved) {
      return StoreTask::load(tools_, connections_, saved);
    });
    add_registry_routes(routes_, tools_);
    add_store_routes(routes_, tools_, jobs_, connections_);
  }

 private:
  const Tools tools_;
  const size_t connections_;
  Jobs jobs_;
  Routes routes_;
};

}  // namespace hilum::peers

HILUM_PLUGIN(hilum::peers::Plugin, "peers", HILUM_VERSION, "Other servers with this REST API")
