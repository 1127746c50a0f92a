// From received bytes to requests: Boost.Beast's HTTP/1.1 parser with the checks that it lacks.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/body.h"
#include "core/http/request.h"

namespace hilum::http {

// A request's head, and what it says about the connection and the body.
struct ReceivedHead {
  std::string method;
  std::string target;
  Fields headers;
  int minor_version = 1;  // of HTTP/1.x
  bool keep_alive = true;
  bool expect_continue = false;
  bool chunked = false;
  uint64_t length = 0;  // Content-Length; 0 if there is none
  bool has_body() const { return chunked || length > 0; }
};

// Reads one request after the other. Owned by one connection, used by its I/O thread. All errors are
// hilum::Error with the HTTP status that the client gets; after one the connection is of no more use.
class RequestReader {
 public:
  RequestReader(size_t max_head_size, size_t max_fields);
  ~RequestReader();

  // Looks for a whole head at the start of `input`: the bytes used, 0 if more must come (the same bytes are
  // then given again, with more behind them). Afterwards read_body() until body_done().
  size_t read_head(std::string_view input, ReceivedHead& head);
  // Takes body bytes out of `input`; returns how many were used.
  size_t read_body(std::string_view input, BodyWriter& body);
  bool body_done() const { return !chunks_ && remaining_ == 0; }

 private:
  struct Parser;
  void check_raw_head(std::string_view raw) const;
  void fill(ReceivedHead& head) const;

  const size_t max_head_size_;
  const size_t max_fields_;
  size_t scanned_ = 0;              // of the input: no end of a head starts before
  std::unique_ptr<Parser> parser_;  // while a head is parsed
  std::unique_ptr<Parser> chunks_;  // while a chunked body comes
  uint64_t remaining_ = 0;          // of a body with a length
};

}  // namespace hilum::http
