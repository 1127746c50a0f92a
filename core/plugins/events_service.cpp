// hilum.events/1
#include <hilum/cpp/host.h>
#include <hilum/events.h>

#include "core/base/log.h"
#include "core/events/events.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

using OnEvent = void (*)(void* context, const hilum_event* event);

void deliver(Plugin& plugin, OnEvent on_event, void* context, const index::Change& change) {
  hilum_event event{};
  event.size = sizeof event;
  event.type = static_cast<uint32_t>(change.type);
  std::string resource;
  if (change.type < index::ChangeType::kServerStarted) {
    resource = change.resource.to_string();
    event.level = static_cast<uint32_t>(change.level);
    event.resource = to_text(resource);
  }
  event.sequence = change.sequence;
  event.time_ms = change.time_ms;
  try {
    plugin.enter("an event listener", [&] {
      on_event(context, &event);
      return static_cast<int32_t>(HILUM_OK);
    });
    const ThreadError& error = thread_error();
    if (error.code != HILUM_OK && error.by_plugin) {  // a listener has no other way to say that it failed
      plugin.count_error();
      log_error(LogCategory::kPlugins, "plugin {}: an event listener failed: {}", plugin.name(),
                error_of_status(error.code).what());
    }
  } catch (const Error&) {  // logged where it was thrown; or the plugin is stopping
  }
}

int32_t listen(const hilum_host* host, OnEvent on_event, void* context) {
  return guarded("hilum.events/1 listen", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.require_starting("hilum.events/1 listen");
    required(on_event, "on_event");
    plugin.on_started([&plugin, on_event, context] {
      plugin.on_stop([&plugin] { plugin.services().events.remove(plugin.name()); });
      plugin.services().events.listen(
          plugin.name(), [self = plugin.shared_from_this(), on_event, context](const index::Change& change) {
            deliver(*self, on_event, context, change);
          });
    });
  });
}

const hilum_events_v1 kTable = {&listen};

}  // namespace

const void* events_table() { return &kTable; }

}  // namespace hilum::plugins
