// The table of routes: which handler answers a method on a path.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/metrics.h"
#include "core/http/answer.h"
#include "core/http/request.h"

namespace hilum::http {

using Handler = std::function<void(Request&, Answer&)>;

struct RouteArgument {
  enum class Place { kPath, kQuery, kHeader, kBody };
  std::string name;
  Place place = Place::kQuery;
  std::string type;  // "string", "boolean", "number", "json", ...
  std::string description;
  bool required = false;
};

struct Route {
  Method method = Method::kGet;  // kGet, kPost, kPut or kDelete (HEAD and OPTIONS are the router's)
  std::string pattern;  // "/instances/{id}/file"; a last segment "{path*}" takes one or more segments
  std::string summary;
  std::vector<RouteArgument> arguments;
  std::string answer_kind;  // what the handler answers: "json", "text", "file", a media type, ...
  std::string
      permission;     // permission class, for authorization plugins: "read", "write", "delete", "admin", ...
  std::string since;  // version of Hilum or of the plugin
  std::string owner;  // the plugin that registered it
  Handler handler;
  // Answers from memory, never waits: may run on the I/O thread. If it begins a stream, it is run once more.
  bool is_short = false;
  Timer* duration =
      nullptr;  // what its requests take, if they are to be measured; of the registry of metrics
};

// A trie over path segments. A literal segment wins over a {parameter}, a parameter over a wildcard. Reading
// takes a snapshot and never waits for writers. All functions may be called from every thread. Owned by the
// server process, one for all plugins.
class Router {
 public:
  Router();
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // Throws HILUM_E_DUPLICATE if that method and pattern (parameter names apart) exist, HILUM_E_BAD_URI for a
  // bad pattern.
  void add(Route route);
  // Removes the routes of one plugin, then waits until no request runs in them any more. False: some still
  // did at the deadline.
  bool remove_owner(const std::string& owner, std::chrono::milliseconds patience = std::chrono::seconds(10));
  // All routes, sorted by pattern and method.
  std::vector<std::shared_ptr<const Route>> routes() const;

  struct Match {
    enum class Kind { kFound, kUnknown, kWrongMethod } kind = Kind::kUnknown;
    std::shared_ptr<const Route> route;  // kFound
    Fields parameters;                   // kFound
    std::string allow;                   // kWrongMethod, and kFound for OPTIONS: "GET,POST" without blanks
  };
  // HEAD finds the GET route. OPTIONS on a known path: kWrongMethod with `allow`.
  Match match(Method method, const std::vector<std::string>& segments) const;

 private:
  struct Node;
  using NodePtr = std::shared_ptr<const Node>;
  static NodePtr inserted(const NodePtr& node, const std::vector<std::string>& parts, size_t depth,
                          const std::shared_ptr<const Route>& route);
  NodePtr snapshot() const;

  std::mutex writers_;
  NodePtr root_;  // only through std::atomic_load and std::atomic_store
};

}  // namespace hilum::http
