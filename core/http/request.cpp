#include "core/http/request.h"

#include <hilum/cpp/error.h>

#include <atomic>

#include "core/http/router.h"
#include "core/http/target.h"

namespace hilum::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

std::string_view method_name(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kDelete:
      return "DELETE";
    case Method::kHead:
      return "HEAD";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kPatch:
      return "PATCH";
    case Method::kOther:
      break;
  }
  return "OTHER";
}

Method method_from_name(std::string_view name) {
  for (Method method : {Method::kGet, Method::kPost, Method::kPut, Method::kDelete, Method::kHead,
                        Method::kOptions, Method::kPatch}) {
    if (name == method_name(method)) return method;
  }
  return Method::kOther;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

const std::string* find_header(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (equal_ignoring_case(key, name)) return &value;
  }
  return nullptr;
}

const std::string* find_field(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return &value;
  }
  return nullptr;
}

const std::string& Request::parameter(std::string_view name) const {
  if (const std::string* value = find_field(parameters, name)) return *value;
  throw Error(HILUM_E_INTERNAL, "the pattern " + (route ? route->pattern : path) + " has no parameter {" +
                                    std::string(name) + "}");
}

Request make_internal_request(Method method, std::string_view uri, Fields headers, Body body) {
  Request request;
  request.id = next_request_id();
  request.method = method;
  request.target = uri;
  Target target = parse_target(uri);
  request.path = std::move(target.path);
  request.segments = std::move(target.segments);
  request.query = std::move(target.query);
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.internal = true;
  return request;
}

uint64_t next_request_id() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace hilum::http
