// What went wrong last on this thread, at the boundary between the host and plugins.
#pragma once

#include <hilum/cpp/error.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace hilum::plugins {

// One for each thread; the texts live until the next call through the SDK on that thread. code 0: nothing.
struct ThreadError {
  int32_t code = 0;
  bool by_plugin = false;  // set by hilum_host.fail, not by a host function that failed
  int http_status = 0;
  std::string message;
  std::string details;

  void clear() {
    code = 0;
    by_plugin = false;
  }
  // Absent parts (http_status not 4xx or 5xx, empty message) become those of the code.
  void set(int32_t new_code, int new_http_status, std::string_view new_message, std::string_view new_details);
  void set(const Error& error);
};
ThreadError& thread_error();

bool is_known_status(int32_t code);

// The exception that belongs to a status other than 0 which a callback has returned: with the texts of the
// thread's error if it has the same code, else with those of the code. Does not tell unknown codes apart.
Error error_of_status(int32_t status);

// Lippincott functions: to be called inside `catch (...)`.
// Text of the exception in flight.
std::string current_exception_text();
// Makes the exception in flight the thread's error and returns its code: Error keeps its face, memory
// exhaustion is HILUM_E_NO_MEMORY, everything else is a mistake of the host: HILUM_E_INTERNAL, logged with
// the name of the function.
int32_t keep_current_exception(const char* host_function) noexcept;

// The body of every host function that can fail: what it throws becomes a status.
template <typename Body>
int32_t guarded(const char* host_function, Body&& body) noexcept {
  thread_error().clear();
  try {
    body();
    thread_error().clear();  // callbacks inside may have left theirs
    return HILUM_OK;
  } catch (...) {
    return keep_current_exception(host_function);
  }
}
// The same for functions that return a number of bytes: -1 on failure.
template <typename Body>
int64_t guarded_read(const char* host_function, Body&& body) noexcept {
  int64_t count = -1;
  return guarded(host_function, [&] { count = static_cast<int64_t>(body()); }) == HILUM_OK ? count : -1;
}

// Throws HILUM_E_NULL_POINTER.
template <typename T>
T& required(T* pointer, const char* name) {
  if (!pointer) {
    throw Error(HILUM_E_NULL_POINTER, std::string("argument ") + name);
  }
  return *pointer;
}

}  // namespace hilum::plugins
