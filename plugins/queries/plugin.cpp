// The entry of the plugin.
#include <hilum/all.h>
#include <hilum/cpp/plugin.h>
#include <hilum/version.h>

#include "routes.h"

namespace hilum::queries {

// Made when the server starts, destroyed when it stops.
class Plugin {
 public:
  static constexpr const char* kRequired[] = {
      HILUM_HTTP_V1,   HILUM_INDEX_V1,         HILUM_ATTACHMENTS_V1, HILUM_CONFIG_V1, HILUM_REST_V1,
      HILUM_SCU_DRAFT, HILUM_MODALITIES_DRAFT, HILUM_SERVER_DRAFT,   nullptr};

  explicit Plugin(Host host)
      : services_(host), rest_(host), queries_(host, services_), context_{queries_, rest_}, routes_(host) {
    add_query_routes(routes_, context_);
    add_answer_routes(routes_, context_);
    add_retrieve_routes(routes_, context_);
  }

 private:
  const rest::Services services_;
  const Rest rest_;
  Queries queries_;
  const Context context_;
  Routes routes_;
};

}  // namespace hilum::queries

HILUM_PLUGIN(hilum::queries::Plugin, "queries", HILUM_VERSION,
             "C-FIND of other DICOM systems: answers to look through and to fetch")
