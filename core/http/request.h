// One HTTP request as handlers see it: parsed, decoded, authenticated and with its whole body at hand.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/body.h"

namespace hilum::http {

enum class Method : uint8_t { kGet, kPost, kPut, kDelete, kHead, kOptions, kPatch, kOther };

std::string_view method_name(Method method);     // "GET"; "OTHER" for kOther
Method method_from_name(std::string_view name);  // exact case, as HTTP has it

// Name and value pairs in the order in which they came.
using Fields = std::vector<std::pair<std::string, std::string>>;

bool equal_ignoring_case(std::string_view a, std::string_view b);
// First value of that name, or nullptr. Field names of headers are compared without regard to case, others
// exactly.
const std::string* find_header(const Fields& fields, std::string_view name);
const std::string* find_field(const Fields& fields, std::string_view name);

struct Route;

// Owned by the connection (or by the in-process caller) while it is answered; used by one thread at a time.
struct Request {
  uint64_t id = 0;               // counts from 1 in this process; for log lines
  Method method = Method::kGet;  // after overrides
  std::string target;            // as the client sent it
  std::string path;  // normalised: "/" + decoded segments joined by "/"; this is the `Uri` of error bodies
  std::vector<std::string> segments;  // decoded; a %2F of the client is a '/' inside its segment
  Fields parameters;                  // of the route's pattern, filled by the router: {id} -> value
  Fields query;                       // decoded once, '+' is a space; "a" and "a=" both have an empty value
  Fields headers;
  Body body;

  std::string remote_address;  // without port; "" for calls from inside the process
  std::string user;            // authenticated user, "" if nobody
  bool authenticated = false;  // nothing is left to prove: Basic succeeded, or nobody has to log in
  bool secure = false;         // came over TLS
  bool internal = false;       // a call from inside the process

  std::shared_ptr<const Route> route;  // the route that answers; set before the handler runs

  // First header of that name (any case), or nullptr.
  const std::string* header(std::string_view name) const { return find_header(headers, name); }
  // First query argument of that name, or nullptr.
  const std::string* argument(std::string_view name) const { return find_field(query, name); }
  // A parameter of the route's pattern; throws HILUM_E_INTERNAL if the pattern has no such parameter.
  const std::string& parameter(std::string_view name) const;
};

// A request for a call inside the process: splits and decodes `uri` (path and optional query) as a client's
// target would be. Throws HILUM_E_BAD_URI.
Request make_internal_request(Method method, std::string_view uri, Fields headers = {}, Body body = {});

uint64_t next_request_id();

}  // namespace hilum::http
