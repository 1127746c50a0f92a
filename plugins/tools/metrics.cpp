// GET and PUT /tools/metrics, GET /tools/metrics-prometheus.
#include <hilum/rest/arguments.h>

#include "settings.h"
#include "tools.h"

namespace hilum::tools {

void add_metrics_routes(Routes& routes, Host host, const hilum_server_draft& server,
                        const Settings& settings) {
  routes.add({HILUM_GET, "/tools/metrics", "Whether figures are told: 1 or 0", HILUM_ANSWER_TEXT,
              HILUM_PERMISSION_STATUS},
             [&settings](Request&, Answer& answer) { answer.text(settings.metrics_enabled() ? "1" : "0"); });
  routes.add({HILUM_PUT,
              "/tools/metrics",
              "Tells figures, or no longer",
              HILUM_ANSWER_EMPTY,
              HILUM_PERMISSION_ADMINISTER,
              {{HILUM_IN_BODY, "", "boolean", "1, 0, true or false"}}},
             [&settings](Request& request, Answer& answer) {
               settings.set_metrics_enabled(rest::boolean_body(request));
               answer.empty();
             });
  routes.add({HILUM_GET, "/tools/metrics-prometheus", "Figures about the server, for Prometheus",
              HILUM_ANSWER_TEXT, HILUM_PERMISSION_STATUS},
             [host, &server](Request&, Answer& answer) {
               StringSink sink;
               host.check(server.metrics_text(host.get(), sink.sink()));
               answer.bytes("text/plain; version=0.0.4", sink.text());
             });
}

}  // namespace hilum::tools
