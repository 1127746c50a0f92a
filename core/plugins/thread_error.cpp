#include "core/plugins/thread_error.h"

#include <hilum/dicom/charset.h>

#include <exception>
#include <new>

#include "core/base/log.h"

namespace hilum::plugins {

ThreadError& thread_error() {
  thread_local ThreadError error;
  return error;
}

void ThreadError::set(int32_t new_code, int new_http_status, std::string_view new_message,
                      std::string_view new_details) {
  const StatusFacts facts = status_facts(new_code);
  const bool failure = new_http_status >= 400 && new_http_status <= 599;
  // The arguments may be this object's own texts, handed out by last_error. They end in JSON: valid UTF-8
  // only.
  std::string kept_message =
      dicom::drop_invalid_utf8(new_message.empty() ? std::string_view(facts.message) : new_message);
  std::string kept_details = dicom::drop_invalid_utf8(new_details);
  code = new_code;
  by_plugin = false;
  http_status = failure ? new_http_status : facts.http_status;
  message = std::move(kept_message);
  details = std::move(kept_details);
}

void ThreadError::set(const Error& error) {
  set(error.code(), error.http_status(), error.message(), error.details());
}

bool is_known_status(int32_t code) {
  switch (code) {
#define HILUM_STATUS_CASE_(name, number, http, message) case number:
    HILUM_STATUS_TABLE(HILUM_STATUS_CASE_)
#undef HILUM_STATUS_CASE_
    return true;
    default:
      return false;
  }
}

Error error_of_status(int32_t status) {
  const ThreadError& error = thread_error();
  if (error.code == status) {
    return Error(status, error.http_status, error.message, error.details);
  }
  return Error(status);
}

std::string current_exception_text() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

int32_t keep_current_exception(const char* host_function) noexcept {
  try {
    try {
      throw;
    } catch (const Error& error) {
      thread_error().set(error);
    } catch (const std::bad_alloc&) {
      thread_error().set(HILUM_E_NO_MEMORY, 0, {}, host_function);
    } catch (...) {
      const std::string text = current_exception_text();
      log_error(LogCategory::kPlugins, "{}: {}", host_function, text);
      thread_error().set(HILUM_E_INTERNAL, 0, {}, text);
    }
  } catch (...) {  // no memory for the texts
    thread_error().code = HILUM_E_NO_MEMORY;
    thread_error().http_status = 500;
  }
  return thread_error().code;
}

}  // namespace hilum::plugins
