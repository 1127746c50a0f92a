#include "core/plugins/plugin.h"

#include <hilum/cpp/host.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "core/base/log.h"
#include "core/http/router.h"

namespace hilum::plugins {

namespace {

constexpr std::chrono::seconds kPatience{10};  // for callbacks that still run when the plugin is to stop

const void* host_service(const hilum_host* host, const char* id) {
  const void* table = nullptr;
  guarded("hilum_host.service", [&] { table = plugin_of(host).find_service(&required(id, "id")); });
  return table;
}

int32_t host_fail(const hilum_host*, int32_t code, int32_t http_status, hilum_text message,
                  hilum_text details) {
  const int32_t kept = code == HILUM_OK ? static_cast<int32_t>(HILUM_E_PLUGIN) : code;
  try {
    thread_error().set(kept, http_status, to_view(message), to_view(details));
  } catch (...) {
    keep_current_exception("hilum_host.fail");
  }
  thread_error().by_plugin = true;
  return kept;
}

void host_last_error(const hilum_host*, hilum_error* out) {
  if (!out || out->size < sizeof(uint32_t)) {
    return;
  }
  const ThreadError& error = thread_error();
  hilum_error full{};
  full.size = static_cast<uint32_t>(std::min<uint64_t>(out->size, sizeof full));
  full.code = error.code;
  if (error.code != HILUM_OK) {
    full.http_status = error.http_status;
    full.message = to_text(error.message);
    full.details = to_text(error.details);
  }
  std::memcpy(out, &full, full.size);
}

}  // namespace

Plugin::Plugin(HostContext& context, std::string file, bool named)
    : context_(context),
      file_(std::move(file)),
      named_(named),
      name_(std::filesystem::path(file_).stem().string()) {
  handle_.size = sizeof(hilum_host);
  handle_.abi_major = HILUM_ABI_MAJOR;
  handle_.abi_minor = HILUM_ABI_MINOR;
  handle_.reserved = 0;
  handle_.service = &host_service;
  handle_.fail = &host_fail;
  handle_.last_error = &host_last_error;
  handle_.plugin = this;
}

bool Plugin::open() {
  try {
    library_.emplace(file_, descriptor_);
    name_ = descriptor_.name;
    return true;
  } catch (const Error& error) {
    refuse(error.details());
  } catch (...) {  // out of a static constructor
    refuse("exception while it was loaded: " + current_exception_text());
  }
  return false;
}

void Plugin::refuse(const std::string& reason) {
  if (!has_run_) {  // else it may have threads of its own
    library_.reset();
  }
  set_state(PluginState::kRefused, reason);
  log_warning(LogCategory::kPlugins, "plugin {} ({}) is refused: {}", name_, file_, reason);
}

bool Plugin::start() {
  std::optional<std::string> failure = run_start();
  if (!failure) {
    failure = ask_services();
    if (failure) {
      gate_.close();
      run_stop();
    }
  }
  if (failure) {
    registrations_.clear();
    gate_.close();
    withdraw();
    refuse(*failure);
    return false;
  }
  for (const std::function<void()>& registration : registrations_) {
    registration();
  }
  registrations_.clear();
  set_state(PluginState::kRunning, {});
  log_info(LogCategory::kPlugins, "plugin {} (version {}) is started, from {}", name_, descriptor_.version,
           file_);
  return true;
}

// The reason why it cannot start, or nothing.
std::optional<std::string> Plugin::run_start() {
  starting_ = true;
  has_run_ = true;
  thread_error().clear();
  std::optional<std::string> failure;
  try {
    const int32_t status = descriptor_.start(&handle_, &state_of_plugin_);
    if (status != HILUM_OK) {
      failure = is_known_status(status) || thread_error().code == status
                    ? error_of_status(status).what()
                    : "start returned the unknown status " + std::to_string(status);
    }
  } catch (...) {
    failure = "exception out of start: " + current_exception_text();
  }
  starting_ = false;
  return failure;
}

std::optional<std::string> Plugin::ask_services() {
  for (const std::string& id : descriptor_.provided) {
    try {
      const void* table = descriptor_.service(state_of_plugin_, id.c_str());
      if (!table) {
        return "it provides " + id + ", but its function service answered NULL";
      }
      tables_[id] = table;
    } catch (...) {
      return "exception out of service: " + current_exception_text();
    }
  }
  return std::nullopt;
}

void Plugin::stop() {
  if (state() != PluginState::kRunning) {
    return;
  }
  gate_.close();
  if (!withdraw()) {
    // Its code is still on somebody's stack: neither stop it nor unload it.
    set_state(PluginState::kStopped, {});
    log_error(LogCategory::kPlugins, "plugin {} is left as it is: a callback has not returned for {} s",
              name_, kPatience.count());
    return;
  }
  run_stop();
  set_state(PluginState::kStopped, {});
  tables_.clear();
  library_.reset();
  log_info(LogCategory::kPlugins, "plugin {} is stopped", name_);
}

void Plugin::run_stop() {
  if (!descriptor_.stop) {
    return;
  }
  try {
    descriptor_.stop(&handle_, state_of_plugin_);
  } catch (...) {
    log_error(LogCategory::kPlugins, "plugin {}: exception out of stop: {}", name_, current_exception_text());
  }
}

// Takes back what the plugin has registered; true if none of its callbacks runs any more.
bool Plugin::withdraw() {
  const bool left = gate_.wait(kPatience);
  if (left) {  // these wait for callbacks without an end
    for (auto entry = withdrawals_.rbegin(); entry != withdrawals_.rend(); ++entry) {
      (*entry)();
    }
    withdrawals_.clear();
  }
  services().router.remove_owner(name_, left ? kPatience : std::chrono::seconds(0));
  return left;
}

void Plugin::set_state(PluginState state, const std::string& reason) {
  const std::lock_guard<std::mutex> lock(mutex_);
  state_ = state;
  reason_ = reason;
}

PluginState Plugin::state() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return state_;
}

PluginInfo Plugin::info() const {
  PluginInfo info;
  info.name = name_;
  info.version = descriptor_.version;
  info.description = descriptor_.description;
  info.file = file_;
  info.named = named_;
  info.calls = calls_.load(std::memory_order_relaxed);
  info.errors = errors_.load(std::memory_order_relaxed);
  info.time_us = time_us_.load(std::memory_order_relaxed);
  const std::lock_guard<std::mutex> lock(mutex_);
  info.state = state_;
  info.reason = reason_;
  return info;
}

const void* Plugin::provided_table(const std::string& id) const {
  const auto found = tables_.find(id);
  return found == tables_.end() ? nullptr : found->second;
}

const void* Plugin::find_service(std::string_view id) const {
  if (const void* table = core_service(id)) {
    return table;
  }
  const auto lists = [&](const std::vector<std::string>& ids) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  return lists(descriptor_.required) || lists(descriptor_.wanted) ? context_.provided_service(std::string(id))
                                                                  : nullptr;
}

void Plugin::require_starting(const char* function) const {
  if (!starting_) {
    throw Error(HILUM_E_BAD_SEQUENCE,
                std::string(function) + " can be called only inside of the plugin's start");
  }
}

void Plugin::throw_status(const char* what, int32_t status) {
  Error error = error_of_status(status);
  if (!is_known_status(status)) {
    const std::string texts =
        thread_error().code == status ? std::string(": ") + error.what() : std::string();
    error = Error(HILUM_E_PLUGIN, "plugin " + name_ + ": " + what + " returned the unknown status " +
                                      std::to_string(status) + texts);
  }
  if (error.http_status() >= 500) {
    count_error();
  }
  throw error;
}

void Plugin::throw_escaped(const char* what) {
  const std::string text = "plugin " + name_ + ": exception out of " + what + ": " + current_exception_text();
  count_error();
  log_error(LogCategory::kPlugins, "{}", text);
  throw Error(HILUM_E_PLUGIN, text);
}

Plugin::Visit::Visit(Plugin& plugin) : plugin_(plugin), start_(std::chrono::steady_clock::now()) {
  if (!plugin.gate_.enter()) {
    throw Error(HILUM_E_UNAVAILABLE, "plugin " + plugin.name_ + " is stopping");
  }
}

Plugin::Visit::~Visit() {
  const auto spent = std::chrono::steady_clock::now() - start_;
  plugin_.time_us_.fetch_add(
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(spent).count()),
      std::memory_order_relaxed);
  plugin_.calls_.fetch_add(1, std::memory_order_relaxed);
  plugin_.gate_.leave();
}

}  // namespace hilum::plugins
