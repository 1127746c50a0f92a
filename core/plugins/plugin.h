// One plugin: its descriptor, its state, its host table, and the boundary through which it is called.
#pragma once

#include <hilum/plugin.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/slots.h"
#include "core/config/configuration.h"
#include "core/plugins/call_gate.h"
#include "core/plugins/decoder_registry.h"
#include "core/plugins/encoder_registry.h"
#include "core/plugins/library.h"
#include "core/plugins/plugin_host.h"
#include "core/plugins/thread_error.h"

namespace hilum::plugins {

class Plugin;

// The host that a plugin is given, and the way back from it to the plugin.
struct HostHandle : hilum_host {
  Plugin* plugin = nullptr;
};

// What all plugins share.
struct HostContext {
  explicit HostContext(PluginServices all_services, PluginHost& plugin_host)
      : services(std::move(all_services)),
        host(plugin_host),
        encoding(static_cast<size_t>(services.configuration->get_int("MaximumConcurrentDcmtkTranscoders"))) {}
  PluginServices services;
  PluginHost& host;
  std::atomic<bool> all_started{false};
  DecoderRegistry decoders;
  EncoderRegistry encoders;
  Slots encoding;  // frames that are encoded at the same time
  // The table of a service that a running plugin provides, or nullptr.
  std::function<const void*(const std::string& id)> provided_service;
};

// Owned by the PluginHost, and by everything that the plugin has registered in the core's rooms. start() and
// stop() from one thread; the rest from any.
class Plugin : public std::enable_shared_from_this<Plugin> {
 public:
  Plugin(HostContext& context, std::string file, bool named);
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  // Opens the shared object; false if it is refused.
  bool open();
  // Keeps the reason, and lets go of the shared object if none of its functions has run.
  void refuse(const std::string& reason);
  // Runs the plugin's start; false if it is refused then. What it has registered is in force only if it
  // succeeds.
  bool start();
  // Withdraws everything, waits for callbacks, runs the plugin's stop.
  void stop();

  const std::string& name() const { return name_; }
  const std::string& file() const { return file_; }
  bool named() const { return named_; }
  // The host as this plugin is given it.
  const hilum_host* handle() const { return &handle_; }
  void set_named() { named_ = true; }
  const Descriptor& descriptor() const { return descriptor_; }
  PluginInfo info() const;
  PluginState state() const;
  HostContext& context() const { return context_; }
  PluginServices& services() const { return context_.services; }
  // The table of a service of this plugin, or nullptr.
  const void* provided_table(const std::string& id) const;
  // The answer to hilum_host.service.
  const void* find_service(std::string_view id) const;

  // --- for the host's tables ---

  // Throws HILUM_E_BAD_SEQUENCE outside of start, for functions with the tag [init].
  void require_starting(const char* function) const;
  // Registrations that come into force when start has succeeded, and how they are withdrawn.
  void on_started(std::function<void()> registration) { registrations_.push_back(std::move(registration)); }
  void on_stop(std::function<void()> withdrawal) { withdrawals_.push_back(std::move(withdrawal)); }

  // Enters the plugin from outside: a handler, a filter or a listener. Counts it, catches what escapes, and
  // returns what `callback` returned. Throws HILUM_E_UNAVAILABLE if the plugin is stopping, HILUM_E_PLUGIN
  // for an exception.
  template <typename Callback>
  int32_t enter(const char* what, Callback&& callback) {
    const Visit visit(*this);
    thread_error().clear();
    try {
      return callback();
    } catch (...) {
      throw_escaped(what);
    }
  }
  // The exception that belongs to a status other than 0 which enter() has returned; counts it.
  [[noreturn]] void throw_status(const char* what, int32_t status);
  // Calls back into the plugin, inside a host function that it has called itself.
  template <typename Callback>
  auto inside(const char* what, Callback&& callback) {
    try {
      return callback();
    } catch (...) {
      throw_escaped(what);
    }
  }
  void count_error() { errors_.fetch_add(1, std::memory_order_relaxed); }

 private:
  // Somebody inside the plugin.
  class Visit {
   public:
    explicit Visit(Plugin& plugin);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    Plugin& plugin_;
    std::chrono::steady_clock::time_point start_;
  };

  [[noreturn]] void throw_escaped(const char* what);
  std::optional<std::string> run_start();
  std::optional<std::string> ask_services();
  void run_stop();
  bool withdraw();
  void set_state(PluginState state, const std::string& reason);

  HostContext& context_;
  const std::string file_;
  bool named_;        // changes before starts only
  std::string name_;  // constant after open()
  Descriptor descriptor_;
  std::optional<Library> library_;
  HostHandle handle_;
  void* state_of_plugin_ = nullptr;
  std::map<std::string, const void*> tables_;  // constant while running
  std::atomic<bool> starting_{false};
  bool has_run_ = false;
  std::vector<std::function<void()>> registrations_, withdrawals_;

  CallGate gate_;
  std::atomic<uint64_t> calls_{0}, errors_{0}, time_us_{0};

  mutable std::mutex mutex_;  // guards the two below
  PluginState state_ = PluginState::kLoaded;
  std::string reason_;
};

// The plugin behind a host.
inline Plugin& plugin_of(const hilum_host* host) {
  return *static_cast<const HostHandle&>(required(host, "host")).plugin;
}

// The constant table of a service of the server itself, or nullptr.
const void* core_service(std::string_view id);

}  // namespace hilum::plugins
