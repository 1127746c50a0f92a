// The one exception type of Hilum: what went wrong, as a client will read it.
#pragma once

#include <hilum/status.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace hilum {

// Message and HTTP status that belong to a status code (hilum/status.h).
struct StatusFacts {
  int http_status;
  const char* message;
};

inline StatusFacts status_facts(int32_t code) {
  switch (code) {
#define HILUM_STATUS_CASE_(name, number, http, message) \
  case number:                                          \
    return {http, message};
    HILUM_STATUS_TABLE(HILUM_STATUS_CASE_)
#undef HILUM_STATUS_CASE_
    default:
      return {500, "Internal error"};
  }
}

// A status code, an HTTP status, a message and details that travel together, from wherever something failed
// to the JSON error body, the DIMSE status or the log line. Thrown where "this request cannot go on"; caught
// once per entry point.
//
//   throw Error(HILUM_E_BAD_FORMAT, "not a DICOM file (size: 12 bytes)");
class Error : public std::runtime_error {
 public:
  // `details` says what was wrong, where, and what would be right; it may be empty.
  explicit Error(int32_t code, std::string details = {})
      : Error(code, status_facts(code).http_status, status_facts(code).message, std::move(details)) {}
  Error(int32_t code, int http_status, std::string message, std::string details)
      : std::runtime_error(details.empty() ? message : message + ": " + details),
        code_(code),
        http_status_(http_status),
        message_(std::move(message)),
        details_(std::move(details)) {}

  int32_t code() const { return code_; }
  int http_status() const { return http_status_; }
  const std::string& message() const { return message_; }
  const std::string& details() const { return details_; }

 private:
  int32_t code_;
  int http_status_;
  std::string message_;
  std::string details_;
};

}  // namespace hilum
