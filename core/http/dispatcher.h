// Everything that happens once for every request, before and after its handler.
#pragma once

#include <hilum/cpp/error.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/http/answer.h"
#include "core/http/authentication.h"
#include "core/http/request.h"
#include "core/http/router.h"

namespace hilum::http {

struct DispatcherOptions {
  bool remote_access_allowed = false;  // false: loopback clients only, others get 401
  bool authentication_enabled = false;
  std::map<std::string, std::string> registered_users;  // user -> password, clear text
  std::string realm = "Hilum";
  bool describe_errors = true;       // HttpDescribeErrors: JSON body on errors
  bool compression_enabled = false;  // HttpCompressionEnabled
  BodyLimits body;
};

// What filters and authenticators see of a request.
struct RequestView {
  Method method;
  std::string_view path;
  std::string_view target;
  std::string_view remote_address;
  std::string_view user;
  const Fields& headers;
  const Fields& query;
  const Route* route;  // nullptr if no route answers
};

// Reported once per answered request.
struct RequestMetrics {
  std::string_view pattern;  // of the route; "" if none answered
  Method method;
  int status;
  std::chrono::microseconds duration;  // handler and filters; not the transfer of a buffered body
  uint64_t body_bytes;
};

struct AuthenticationResult {
  enum class Kind {
    kUnknown,
    kGranted,
    kDenied
  } kind = Kind::kUnknown;  // kUnknown: ask the next, then Basic
  std::string user;
};
using Authenticator = std::function<AuthenticationResult(const RequestView&)>;
using RequestFilter = std::function<bool(const RequestView&)>;  // false: 403 with an empty body
using MetricsHook = std::function<void(const RequestMetrics&)>;

// The front. Thread-safe; hooks may come and go while requests run. Lives as long as the server.
class Dispatcher {
 public:
  Dispatcher(DispatcherOptions options, Router& router);
  ~Dispatcher();

  // Hooks run on worker threads in the order of registration and may block. The returned number removes them;
  // removal waits for nothing: the caller keeps what the hook refers to alive while requests run.
  uint64_t add_authenticator(Authenticator hook);
  uint64_t add_filter(RequestFilter hook);
  uint64_t add_metrics(MetricsHook hook);
  void remove_hook(uint64_t number);
  // Are there authenticators or filters, which may block?
  bool asks_others() const;

  // First half, before the body is read: never blocks. Fills everything of `request` but the body from its
  // method, target, headers and remote address. An answer means: refused, do not read the body.
  std::optional<ReadyAnswer> admit(std::string_view method, Request& request) const;
  // Second half, on a worker thread, with the whole body: hooks, decoding, handler, errors. Always answers,
  // never throws.
  void run(Request& request, AnswerSink& sink) const;
  // A call from inside the process (make_internal_request): routing, handler and errors, without
  // authentication and filters.
  void call(Request& request, AnswerSink& sink) const;

  // The JSON error body (or an empty one) that an error has on the wire.
  ReadyAnswer error_answer(const Error& error, Method method, std::string_view path) const;
  const DispatcherOptions& options() const { return options_; }
  Router& router() const { return router_; }

 private:
  struct Hooks;
  std::shared_ptr<const Hooks> hooks() const;
  template <typename Change>
  void change_hooks(Change change);
  bool authenticate_basic(Request& request) const;
  ReadyAnswer unauthorized() const;
  std::optional<ReadyAnswer> override_method(Request& request) const;
  std::optional<ReadyAnswer> resolve(Request& request) const;
  std::optional<ReadyAnswer> guard(Request& request, const Hooks& hooks) const;
  void answer_request(Request& request, const Hooks* hooks, Answer& answer) const;
  void handle(Request& request, const Hooks* hooks, Answer& answer) const;
  void decode_body(Request& request) const;
  AnswerRules rules_for(const Request& request) const;

  const DispatcherOptions options_;
  Router& router_;
  const BasicAuthentication basic_;
  std::mutex hook_writers_;
  std::shared_ptr<const Hooks> hooks_;  // only through std::atomic_load and std::atomic_store
};

}  // namespace hilum::http
