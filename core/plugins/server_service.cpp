// hilum.server/draft
#include <hilum/draft/server.h>

#include "core/base/metrics.h"
#include "core/config/access.h"
#include "core/dimse/conformance.h"
#include "core/http/route_documents.h"
#include "core/plugins/convert.h"
#include "core/plugins/plugin_host.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

uint32_t state_of(PluginState state) {
  switch (state) {
    case PluginState::kRunning:
      return HILUM_PLUGIN_RUNNING;
    case PluginState::kStopped:
      return HILUM_PLUGIN_STOPPED;
    default:  // kLoaded is seen only while plugins start
      return HILUM_PLUGIN_REFUSED;
  }
}

int32_t plugins(const hilum_host* host, int32_t (*on_plugin)(void* context, const hilum_plugin_info* info),
                void* context) {
  return guarded("hilum.server/draft plugins", [&] {
    Plugin& plugin = plugin_of(host);
    required(on_plugin, "on_plugin");
    for (const PluginInfo& facts : plugin.context().host.plugins()) {
      hilum_plugin_info info{};
      info.size = sizeof info;
      info.state = state_of(facts.state);
      info.name = to_text(facts.name);
      info.version = to_text(facts.version);
      info.description = to_text(facts.description);
      info.file = to_text(facts.file);
      info.reason = to_text(facts.reason);
      if (plugin.inside("on_plugin", [&] { return on_plugin(context, &info); }) != 0) {
        return;
      }
    }
  });
}

int32_t main_tags_signature(const hilum_host* host, uint32_t level, hilum_sink text) {
  return guarded("hilum.server/draft main_tags_signature", [&] {
    Plugin& plugin = plugin_of(host);
    const std::optional<index::Level> of = level_of(level);
    if (!of) {
      throw Error(HILUM_E_OUT_OF_RANGE, "a signature needs a level");
    }
    write_sink(plugin, text, plugin.services().ingest.options().main_tags.signature(index::dicom_level(*of)));
  });
}

int32_t database_identifier(const hilum_host* host, hilum_sink text) {
  return guarded("hilum.server/draft database_identifier", [&] {
    Plugin& plugin = plugin_of(host);
    write_sink(plugin, text, plugin.context().host.database_identifier());
  });
}

void ports(const hilum_host* host, uint32_t* http, uint32_t* dicom) {
  guarded("hilum.server/draft ports", [&] {
    const PluginServices& services = plugin_of(host).services();
    required(http, "http") = services.http_port();
    required(dicom, "dicom") = services.dicom_port();
  });
}

int32_t is_secure(const hilum_host* host) {
  bool secure = false;
  guarded("hilum.server/draft is_secure",
          [&] { secure = config::access_rules(*plugin_of(host).services().configuration).secure; });
  return secure ? 1 : 0;
}

int32_t stop(const hilum_host* host, int32_t restart) {
  return guarded("hilum.server/draft stop", [&] { plugin_of(host).services().stop_server(restart != 0); });
}

int32_t is_stopping(const hilum_host* host) {
  bool stopping = false;
  guarded("hilum.server/draft is_stopping", [&] { stopping = plugin_of(host).services().is_stopping(); });
  return stopping ? 1 : 0;
}

int32_t routes(const hilum_host* host, int32_t (*on_route)(void* context, const hilum_route_info* info),
               void* context) {
  return guarded("hilum.server/draft routes", [&] {
    Plugin& plugin = plugin_of(host);
    required(on_route, "on_route");
    for (const std::shared_ptr<const http::Route>& route : plugin.services().router.routes()) {
      hilum_route_info info{};
      info.size = sizeof info;
      info.method = to_text(http::method_name(route->method));
      info.path = to_text(route->pattern);
      info.summary = to_text(route->summary);
      info.since = to_text(route->since);
      info.owner = to_text(route->owner);
      if (plugin.inside("on_route", [&] { return on_route(context, &info); }) != 0) {
        return;
      }
    }
  });
}

int32_t openapi(const hilum_host* host, hilum_sink json) {
  return guarded("hilum.server/draft openapi", [&] {
    Plugin& plugin = plugin_of(host);
    write_sink(plugin, json, http::openapi_document(plugin.services().router.routes()));
  });
}

int32_t metrics_text(const hilum_host* host, hilum_sink text) {
  return guarded("hilum.server/draft metrics_text", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.services().refresh_metrics();
    write_sink(plugin, text, prometheus_text(metrics().list()));
  });
}

int32_t dicom_conformance(const hilum_host* host, hilum_sink text) {
  return guarded("hilum.server/draft dicom_conformance", [&] {
    Plugin& plugin = plugin_of(host);
    if (!plugin.services().dicom) {
      throw Error(HILUM_E_UNAVAILABLE, "this process has no DICOM server");
    }
    write_sink(plugin, text, dimse::conformance_statement(*plugin.services().dicom));
  });
}

const hilum_server_draft kTable = {
    &plugins, &main_tags_signature, &database_identifier, &ports, &is_secure, &stop, &is_stopping, &routes,
    &openapi, &metrics_text,        &dicom_conformance};

}  // namespace

const void* server_table() { return &kTable; }

}  // namespace hilum::plugins
