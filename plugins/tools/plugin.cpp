// The tools plugin: facts about the server. GET /system is in system.cpp, GET /plugins in plugins.cpp.
#include <hilum/cpp/plugin.h>

#include "tools.h"

namespace hilum::tools {

Plugin::Plugin(Host host)
    : host_(host),
      config_(host),
      index_(host),
      services_(host),
      server_(host.service<hilum_server_draft>(HILUM_SERVER_DRAFT)),
      settings_(host),
      routes_(host) {
  auto route = [this](std::string path, std::string summary, hilum_answer_kind answer,
                      void (Plugin::*handler)(Request&, Answer&) const, uint32_t flags = 0) {
    routes_.add(
        {HILUM_GET, std::move(path), std::move(summary), answer, HILUM_PERMISSION_STATUS, {}, "seed", flags},
        [this, handler](Request& request, Answer& reply) { (this->*handler)(request, reply); });
  };
  route("/system", "What this server is, and what it can do", HILUM_ANSWER_JSON, &Plugin::get_system,
        HILUM_ROUTE_SHORT);
  route("/statistics", "How many resources there are, and what they take", HILUM_ANSWER_JSON,
        &Plugin::get_statistics, HILUM_ROUTE_SHORT);
  route("/plugins", "Names of the plugins, those included that were refused", HILUM_ANSWER_JSON,
        &Plugin::list_plugins);
  route("/plugins/explorer.js", "Scripts by which plugins extend the explorer", HILUM_ANSWER_TEXT,
        &Plugin::get_explorer_script);
  route("/plugins/{id}", "One plugin: version, file, state, and why it does not run", HILUM_ANSWER_JSON,
        &Plugin::get_plugin);
  // One line per group: add_<group>_routes, declared in tools.h.
  add_search_routes(routes_, services_);
  add_bulk_content_routes(routes_, services_);
  add_time_routes(routes_);
  add_uid_routes(routes_);
  add_log_level_routes(routes_, settings_);
  add_settings_routes(routes_, settings_);
  add_metrics_routes(routes_, host_, server_, settings_);
  add_document_routes(routes_, host_, server_);
  add_maintenance_routes(routes_, services_, server_);
  add_bulk_delete_routes(routes_, services_, server_);
}

}  // namespace hilum::tools

HILUM_PLUGIN(
    hilum::tools::Plugin, "tools", HILUM_VERSION,
    "Facts about the server, its settings and its maintenance: /system, /statistics, /plugins, /tools")
