// hilum.server/draft
#include <hilum/draft/server.h>

#include "core/config/access.h"
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

const hilum_server_draft kTable = {&plugins, &main_tags_signature, &database_identifier,
                                   &ports,   &is_secure,           &stop};

}  // namespace

const void* server_table() { return &kTable; }

}  // namespace hilum::plugins
