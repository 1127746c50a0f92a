// Requests to other HTTP servers.
#pragma once

#include <hilum/cpp/error.h>
#include <hilum/cpp/log.h>
#include <hilum/http_client/message.h>
#include <hilum/http_client/settings.h>

#include <memory>

namespace hilum::http_client {

// Why there is no answer. HILUM_E_NETWORK, but for what lies at this end (a certificate file that cannot be read).
class RequestError : public Error {
 public:
  enum class Kind {
    kUnreachable,  // no connection
    kLost,         // the connection broke, or was too slow
    kTls,          // the other side is not trusted, or does not trust us
    kAnswer,       // what came is no HTTP, or too much
    kCancelled,
    kLocal  // the request cannot be sent at all
  };
  RequestError(Kind kind, int32_t code, std::string details) : Error(code, std::move(details)), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// Sends one request after the other, and keeps the connection open for the next. One for each thread: not thread-safe, but
// any thread may use it. Redirects are not followed: a status is an answer like others.
//
// Time: connecting, and any pause of the transfer, take at most the timeout; all of a request at most the timeout plus what its
// bytes take at 8 KiB/s (an answer in memory is counted with its limit).
class Client {
 public:
  // `log`: for HttpVerbose.
  Client(Settings settings, const Log& log);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // Throws RequestError, and what Body::read and on_piece throw.
  Response perform(const Request& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hilum::http_client
