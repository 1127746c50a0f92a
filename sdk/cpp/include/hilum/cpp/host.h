// The host as a C++ plugin sees it: texts as string_view, failures as exceptions. Header-only, over the C
// ABI.
#pragma once

#include <hilum/cpp/error.h>
#include <hilum/plugin.h>

#include <exception>
#include <string>
#include <string_view>

namespace hilum {

inline hilum_text to_text(std::string_view view) { return {view.data(), view.size()}; }
// An absent text becomes an empty view.
inline std::string_view to_view(hilum_text text) {
  return text.data ? std::string_view(text.data, text.size) : std::string_view();
}

// Collects what a C function writes.
class StringSink {
 public:
  hilum_sink sink() { return {&text_, &StringSink::append}; }
  std::string& text() { return text_; }

 private:
  static int32_t append(void* context, const void* data, uint64_t size) {
    try {
      static_cast<std::string*>(context)->append(static_cast<const char*>(data), size);
      return HILUM_OK;
    } catch (...) {
      return HILUM_E_NO_MEMORY;
    }
  }
  std::string text_;
};

// The host that `start` was given. A small value: copy it wherever it is needed. Valid until the plugin's
// stop returns.
class Host {
 public:
  explicit Host(const hilum_host* host) : host_(host) {}
  const hilum_host* get() const { return host_; }

  // The table of a service that the plugin lists as required; throws HILUM_E_UNKNOWN_SERVICE if nobody
  // provides it.
  template <typename Table>
  const Table& service(const char* id) const {
    const void* table = host_->service(host_, id);
    if (!table) throw Error(HILUM_E_UNKNOWN_SERVICE, std::string("no plugin provides ") + id);
    return *static_cast<const Table*>(table);
  }
  // The same for one that is only wanted: null if nobody provides it.
  template <typename Table>
  const Table* find_service(const char* id) const {
    return static_cast<const Table*>(host_->service(host_, id));
  }

  // The failure of the last call on this thread, as an exception.
  Error last_error(int32_t status) const {
    hilum_error error{};
    error.size = sizeof error;
    host_->last_error(host_, &error);
    if (error.code != status) return Error(status);
    return Error(error.code, error.http_status, std::string(to_view(error.message)),
                 std::string(to_view(error.details)));
  }
  // Throws if `status` is not 0.
  void check(int32_t status) const {
    if (status != HILUM_OK) throw last_error(status);
  }

  // Runs a callback's body: what it throws becomes the status that crosses the boundary.
  template <typename Function>
  int32_t guard(Function&& function) const noexcept {
    try {
      function();
      return HILUM_OK;
    } catch (const Error& error) {
      return host_->fail(host_, error.code(), error.http_status(), to_text(error.message()),
                         to_text(error.details()));
    } catch (const std::exception& error) {
      return host_->fail(host_, HILUM_E_INTERNAL, 0, {}, to_text(error.what()));
    } catch (...) {
      return host_->fail(host_, HILUM_E_INTERNAL, 0, {}, to_text("an exception of unknown type"));
    }
  }

 private:
  const hilum_host* host_;
};

}  // namespace hilum
