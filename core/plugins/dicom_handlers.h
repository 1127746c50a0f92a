// How plugins add to the DICOM server's handlers: in force while the plugin runs.
#pragma once

#include <atomic>
#include <utility>

#include "core/dimse/handlers.h"
#include "core/dimse/server.h"
#include "core/plugins/plugin.h"

namespace hilum::plugins {

// Throws HILUM_E_UNAVAILABLE in a process without one.
inline dimse::Server& dicom_server(Plugin& plugin) {
  if (plugin.services().dicom == nullptr) {
    throw Error(HILUM_E_UNAVAILABLE, "this process has no DICOM server");
  }
  return *plugin.services().dicom;
}

// `make` gives the function; it is called when the plugin has started, with what keeps the plugin alive.
template <typename Function, typename Make>
void add_handler(Plugin& plugin, dimse::HandlerList<Function> dimse::Handlers::*list, Make make) {
  static std::atomic<uint64_t> last{0};
  dimse::HandlerList<Function>& handlers = dicom_server(plugin).handlers().*list;
  plugin.on_started([&plugin, &handlers, make = std::move(make)] {
    const uint64_t number = ++last;
    plugin.on_stop([&handlers, number] { handlers.remove(number); });
    handlers.add(number, make(plugin.shared_from_this()));
  });
}

}  // namespace hilum::plugins
