#include "core/http/dispatcher.h"

#include <algorithm>
#include <tuple>

#include "core/base/log.h"
#include "core/http/compression.h"
#include "core/http/error_body.h"
#include "core/http/form_upload.h"
#include "core/http/multipart.h"
#include "core/http/target.h"

namespace hilum::http {

// Immutable once published, like the router's nodes.
struct Dispatcher::Hooks {
  uint64_t last_number = 0;
  std::vector<std::pair<uint64_t, Authenticator>> authenticators;
  std::vector<std::pair<uint64_t, RequestFilter>> filters;
  std::vector<std::pair<uint64_t, MetricsHook>> metrics;

  // Someone wants to see requests before their routes are judged.
  bool guarded() const { return !authenticators.empty() || !filters.empty(); }
};

Dispatcher::Dispatcher(DispatcherOptions options, Router& router)
    : options_(std::move(options)),
      router_(router),
      basic_(options_.registered_users),
      hooks_(std::make_shared<const Hooks>()) {}

Dispatcher::~Dispatcher() = default;

std::shared_ptr<const Dispatcher::Hooks> Dispatcher::hooks() const { return std::atomic_load(&hooks_); }

template <typename Change>
void Dispatcher::change_hooks(Change change) {
  std::lock_guard<std::mutex> lock(hook_writers_);
  auto fresh = std::make_shared<Hooks>(*hooks());
  change(*fresh);
  std::atomic_store(&hooks_, std::shared_ptr<const Hooks>(std::move(fresh)));
}

uint64_t Dispatcher::add_authenticator(Authenticator hook) {
  uint64_t number = 0;
  change_hooks([&](Hooks& h) { h.authenticators.emplace_back(number = ++h.last_number, std::move(hook)); });
  return number;
}

uint64_t Dispatcher::add_filter(RequestFilter hook) {
  uint64_t number = 0;
  change_hooks([&](Hooks& h) { h.filters.emplace_back(number = ++h.last_number, std::move(hook)); });
  return number;
}

uint64_t Dispatcher::add_metrics(MetricsHook hook) {
  uint64_t number = 0;
  change_hooks([&](Hooks& h) { h.metrics.emplace_back(number = ++h.last_number, std::move(hook)); });
  return number;
}

void Dispatcher::remove_hook(uint64_t number) {
  const auto remove_from = [number](auto& list) {
    list.erase(
        std::remove_if(list.begin(), list.end(), [&](const auto& item) { return item.first == number; }),
        list.end());
  };
  change_hooks([&](Hooks& h) {
    remove_from(h.authenticators);
    remove_from(h.filters);
    remove_from(h.metrics);
  });
}

ReadyAnswer Dispatcher::error_answer(const Error& error, Method method, std::string_view path) const {
  return make_error_answer(error, method, path, options_.describe_errors);
}

ReadyAnswer Dispatcher::unauthorized() const {
  ReadyAnswer answer = make_empty_answer(401);
  answer.head.headers.emplace_back("WWW-Authenticate", "Basic realm=\"" + options_.realm + "\"");
  return answer;
}

bool Dispatcher::authenticate_basic(Request& request) const {
  if (request.authenticated) return true;
  if (!options_.authentication_enabled) return request.authenticated = true;
  const std::string* authorization = request.header("Authorization");
  std::optional<std::string> user;
  if (authorization) user = basic_.check(*authorization);
  if (!user) {
    log_info(LogCategory::kHttp, "request {}: {} is not logged in", request.id, request.remote_address);
    return false;
  }
  request.user = std::move(*user);
  return request.authenticated = true;
}

// Clients behind proxies that only let GET and POST pass say the method that they mean in a header or in the
// query.
std::optional<ReadyAnswer> Dispatcher::override_method(Request& request) const {
  const std::string* wanted = request.header("X-HTTP-Method-Override");
  if (!wanted && request.method == Method::kGet && !request.query.empty())
    wanted = request.argument("_method");
  if (!wanted) return std::nullopt;
  if (equal_ignoring_case(*wanted, "PUT")) {
    request.method = Method::kPut;
  } else if (equal_ignoring_case(*wanted, "DELETE")) {
    request.method = Method::kDelete;
  } else {
    return make_empty_answer(400);
  }
  return std::nullopt;
}

std::optional<ReadyAnswer> Dispatcher::resolve(Request& request) const {
  if (request.path == "*" && request.method == Method::kOptions) {
    ReadyAnswer answer = make_empty_answer(204);
    answer.head.headers.emplace_back("Allow", "GET,POST,PUT,DELETE");
    return answer;
  }
  Router::Match match = router_.match(request.method, request.segments);
  switch (match.kind) {
    case Router::Match::Kind::kFound:
      request.route = std::move(match.route);
      request.parameters = std::move(match.parameters);
      return std::nullopt;
    case Router::Match::Kind::kWrongMethod: {
      ReadyAnswer answer = make_empty_answer(request.method == Method::kOptions ? 204 : 405);
      answer.head.headers.emplace_back("Allow", std::move(match.allow));
      return answer;
    }
    case Router::Match::Kind::kUnknown:
      break;
  }
  return error_answer(Error(HILUM_E_UNKNOWN_RESOURCE), request.method, request.path);
}

std::optional<ReadyAnswer> Dispatcher::admit(std::string_view method, Request& request) const {
  request.id = next_request_id();
  request.method = method_from_name(method);
  if (!options_.remote_access_allowed && !is_loopback(request.remote_address)) {
    log_info(LogCategory::kHttp, "request {}: RemoteAccessAllowed is false, {} is refused", request.id,
             request.remote_address);
    return unauthorized();
  }
  const auto current = hooks();
  // Authenticators may block, so they have to wait for a worker; and then so has the rest.
  if (current->authenticators.empty() && !authenticate_basic(request)) return unauthorized();
  try {
    Target target = parse_target(request.target);
    request.path = std::move(target.path);
    request.segments = std::move(target.segments);
    request.query = std::move(target.query);
  } catch (const Error& error) {
    return error_answer(error, request.method, request.target.substr(0, request.target.find('?')));
  }
  if (auto refusal = override_method(request)) return refusal;
  if (request.method == Method::kOther || request.method == Method::kPatch) return make_empty_answer(400);
  if (current->guarded()) return std::nullopt;
  return resolve(request);
}

bool Dispatcher::asks_others() const {
  const auto current = hooks();
  return !current->authenticators.empty() || !current->filters.empty();
}

std::optional<ReadyAnswer> Dispatcher::guard(Request& request, const Hooks& hooks) const {
  const auto view = [&] {
    return RequestView{request.method, request.path,    request.target, request.remote_address,
                       request.user,   request.headers, request.query,  request.route.get()};
  };
  AuthenticationResult result;
  for (const auto& [number, authenticator] : hooks.authenticators) {
    result = authenticator(view());
    if (result.kind != AuthenticationResult::Kind::kUnknown) break;
  }
  if (result.kind == AuthenticationResult::Kind::kDenied) return unauthorized();
  if (result.kind == AuthenticationResult::Kind::kGranted) {
    request.user = std::move(result.user);
  } else if (!authenticate_basic(request)) {
    return unauthorized();
  }
  for (const auto& [number, filter] : hooks.filters) {
    if (!filter(view())) return make_empty_answer(403);
  }
  return std::nullopt;
}

void Dispatcher::decode_body(Request& request) const {
  const std::string* coding = request.header("Content-Encoding");
  if (!coding || coding->empty() || equal_ignoring_case(*coding, "identity")) return;
  if (!equal_ignoring_case(*coding, "gzip") && !equal_ignoring_case(*coding, "x-gzip")) {
    throw Error(HILUM_E_UNSUPPORTED_MEDIA_TYPE, "Content-Encoding of a request may be gzip or identity");
  }
  request.body = gunzip(request.body, options_.body);
  Fields& headers = request.headers;
  headers.erase(std::remove_if(headers.begin(), headers.end(),
                               [](const auto& field) {
                                 return equal_ignoring_case(field.first, "Content-Encoding") ||
                                        equal_ignoring_case(field.first, "Content-Length");
                               }),
                headers.end());
}

void Dispatcher::handle(Request& request, const Hooks* hooks, Answer& answer) const {
  std::optional<ReadyAnswer> refusal;
  if (!request.route && (refusal = resolve(request)) && !hooks) return answer.ready(std::move(*refusal));
  if (hooks) {
    if (auto denied = guard(request, *hooks)) return answer.ready(std::move(*denied));
    if (refusal) return answer.ready(std::move(*refusal));
  }
  if (!request.body.empty()) {
    decode_body(request);
    const std::string* type = request.method == Method::kPost ? request.header("Content-Type") : nullptr;
    if (const auto boundary = type ? form_boundary(*type) : std::nullopt) {
      return answer.ready(
          upload_form(request, *boundary, options_.body, [this](Request& part, AnswerSink& sink) {
            Answer part_answer(sink);
            answer_request(part, nullptr, part_answer);
          }));
    }
  }
  request.route->handler(request, answer);
  if (answer.streaming()) answer.end();
  if (!answer.answered()) answer.ready(make_empty_answer(request.method == Method::kPost ? 400 : 404));
}

void Dispatcher::answer_request(Request& request, const Hooks* hooks, Answer& answer) const {
  const auto fail = [&](const Error& error) {
    if (answer.streaming()) {
      answer.abort_stream();
    } else if (!answer.answered()) {
      answer.ready(error_answer(error, request.method, request.path));
    }
  };
  try {
    handle(request, hooks, answer);
  } catch (const Error& error) {
    log_info(LogCategory::kHttp, "{} {}: {}", method_name(request.method), request.path, error.what());
    fail(error);
  } catch (const std::exception& error) {
    log_error(LogCategory::kHttp, "{} {}: {}", method_name(request.method), request.path, error.what());
    fail(Error(HILUM_E_INTERNAL, "An unhandled exception was generated inside the HTTP server"));
  } catch (...) {
    log_error(LogCategory::kHttp, "{} {}: an exception that is no std::exception",
              method_name(request.method), request.path);
    fail(Error(HILUM_E_INTERNAL, "An unhandled exception was generated inside the HTTP server"));
  }
}

AnswerRules Dispatcher::rules_for(const Request& request) const {
  AnswerRules rules;
  if (const std::string* accept = request.header("Accept")) {
    std::string_view rest = *accept;
    while (!rest.empty() && !rules.as_xml) {
      std::string_view token = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(token.size() + 1, rest.size()));
      while (!token.empty() && token.front() == ' ') token.remove_prefix(1);
      while (!token.empty() && token.back() == ' ') token.remove_suffix(1);
      rules.as_xml = token == "application/xml";
    }
  }
  rules.vary = options_.compression_enabled;
  if (options_.compression_enabled) {
    if (const std::string* accepted = request.header("Accept-Encoding"))
      rules.coding = choose_coding(*accepted);
  }
  return rules;
}

void Dispatcher::run(Request& request, AnswerSink& sink) const {
  const auto current = hooks();
  const auto begin = std::chrono::steady_clock::now();
  Answer answer(sink, rules_for(request));
  answer_request(request, current.get(), answer);
  const auto duration =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  if (request.route && request.route->duration) {
    request.route->duration->observe_ms(static_cast<double>(duration.count()) / 1000);
  }
  // Without the query, which may hold names of patients.
  log_info(LogCategory::kHttp, "{} {} from {}: {} ({} us)", method_name(request.method), request.path,
           request.remote_address, answer.head().status, duration.count());
  const RequestMetrics metrics{request.route ? std::string_view(request.route->pattern) : std::string_view(),
                               request.method, answer.head().status, duration, answer.body_size()};
  for (const auto& [number, hook] : current->metrics) {
    try {
      hook(metrics);
    } catch (const std::exception& error) {
      log_warning(LogCategory::kHttp, "a metrics hook failed: {}", error.what());
    }
  }
}

void Dispatcher::call(Request& request, AnswerSink& sink) const {
  Answer answer(sink);
  answer_request(request, nullptr, answer);
}

}  // namespace hilum::http
