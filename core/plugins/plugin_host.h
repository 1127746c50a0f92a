// The host side of the plugin boundary: finds plugins, orders their starts, runs and stops them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hilum::config {
class Configuration;
}
namespace hilum::dimse {
class ModalityRegistry;
class Scu;
class Server;
}  // namespace hilum::dimse
namespace hilum::events {
class EventBus;
}
namespace hilum::http {
class Dispatcher;
class Router;
}  // namespace hilum::http
namespace hilum::ingest {
class Ingest;
}

namespace hilum::plugins {

// What plugins reach through their tables of services. All references must outlive the PluginHost. The
// functions are called from every thread.
struct PluginServices {
  std::shared_ptr<config::Configuration> configuration;
  ingest::Ingest& ingest;
  events::EventBus& events;
  http::Router& router;
  http::Dispatcher& dispatcher;
  std::function<uint32_t()> http_port = [] { return 0u; };   // TCP port in use, 0: disabled or not yet open
  std::function<uint32_t()> dicom_port = [] { return 0u; };  // the same
  std::function<void(bool restart)> stop_server = [](bool) {};  // must return at once
  std::function<bool()> is_stopping = [] { return false; };
  // Sets the figures that are worked out when somebody asks for them.
  std::function<void()> refresh_metrics = [] {};
  dimse::Server* dicom = nullptr;                 // there also if it does not listen; none in tests
  dimse::ModalityRegistry* modalities = nullptr;  // none in tests
  dimse::Scu* scu = nullptr;                      // the same
};

enum class PluginState {
  kLoaded,
  kRunning,
  kRefused,
  kStopped
};  // from kRunning on: those of hilum/draft/server.h

// Facts about one plugin that was named or found.
struct PluginInfo {
  PluginState state = PluginState::kLoaded;
  std::string name;  // of the file, without ".so", as long as the descriptor could not be read
  std::string version, description;
  std::string file;
  std::string reason;    // why it was refused; else empty
  bool named = false;    // stands in the configuration by its own path, not in a folder
  uint64_t calls = 0;    // of its handlers, listeners and filters
  uint64_t errors = 0;   // of these: exceptions, unknown statuses, statuses whose HTTP status is 5xx
  uint64_t time_us = 0;  // spent in them
};

// Owned by main, one for each run of the server. load(), start_all() and stop_all() from one thread, in this
// order; everything else from any thread.
//
// The end of the server, in this order: HTTP and DICOM stop answering; the event HILUM_EVENT_SERVER_STOPPING
// is published and EventBus::stop() delivers what is queued; stop_all(); Ingest::stop().
class PluginHost {
 public:
  explicit PluginHost(PluginServices services);
  ~PluginHost();  // stop_all()
  PluginHost(const PluginHost&) = delete;
  PluginHost& operator=(const PluginHost&) = delete;

  // The paths to load by the configuration: the folder of the plugins that come with Hilum (StandardPlugins),
  // then those of the option Plugins.
  static std::vector<std::string> configured_paths(const config::Configuration& configuration);
  // "../lib/hilum/plugins" as seen from the folder of the running program.
  static std::string standard_folder();

  // Opens plugins and reads their descriptors; none of their functions runs. A path is a shared object, or a
  // folder of which every *.so is taken. Throws HILUM_E_INEXISTENT_FILE, naming it, for a path that does not
  // exist. What cannot be loaded is kept in the list with the reason.
  void load(const std::vector<std::string>& paths);
  void load();  // configured_paths()

  // Starts all plugins, each after those whose services it requires or wants. Throws HILUM_E_SHARED_LIBRARY
  // if one that was named by its own path does not run, unless the option PluginsRequired is false; the
  // destructor then stops those that have started.
  void start_all();

  // Stops in reverse order: withdraws routes, listeners and filters, waits for callbacks that still run, then
  // calls the plugin's stop. Does nothing the second time.
  void stop_all();

  std::vector<PluginInfo> plugins() const;         // ascending by name
  std::vector<std::string> running_names() const;  // for Configuration::warn_unknown
  // The identity of this database, of the form of a public id; made and kept in the index at the first call.
  std::string database_identifier();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hilum::plugins
