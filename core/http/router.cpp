#include "core/http/router.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <thread>

namespace hilum::http {
namespace {

constexpr std::array<Method, 4> kTableMethods = {Method::kGet, Method::kPost, Method::kPut, Method::kDelete};
constexpr const char* kParameterPart = "{}";
constexpr const char* kWildcardPart = "{*}";

using RoutePtr = std::shared_ptr<const Route>;

// The routes of one pattern, one place per method in the order of `Allow`.
using Leaf = std::array<RoutePtr, kTableMethods.size()>;

size_t place_of(Method method) {
  const auto found = std::find(kTableMethods.begin(), kTableMethods.end(), method);
  return static_cast<size_t>(found - kTableMethods.begin());
}

std::string allow_of(const Leaf& leaf) {
  std::string allow;
  for (size_t i = 0; i < leaf.size(); ++i) {
    if (!leaf[i]) continue;
    if (!allow.empty()) allow += ',';
    allow += method_name(kTableMethods[i]);
  }
  return allow;
}

[[noreturn]] void refuse_pattern(const std::string& pattern, const std::string& why) {
  throw Error(HILUM_E_BAD_URI, "route pattern \"" + pattern + "\": " + why);
}

struct Pattern {
  std::vector<std::string> parts;  // literals, kParameterPart, kWildcardPart
  std::vector<std::string> names;  // of the parameters, in order
};

void add_part(Pattern& parsed, const std::string& pattern, std::string part, bool last) {
  if (part.empty()) refuse_pattern(pattern, "empty segment");
  if (part.find_first_of("{}*") == std::string::npos) {
    parsed.parts.push_back(std::move(part));
    return;
  }
  const bool wildcard = part.size() > 3 && part.compare(part.size() - 2, 2, "*}") == 0;
  std::string name = part.size() > 2 ? part.substr(1, part.size() - (wildcard ? 3 : 2)) : std::string();
  if (part.front() != '{' || part.back() != '}' || name.empty() ||
      name.find_first_of("{}*") != std::string::npos) {
    refuse_pattern(pattern, "a parameter is a whole segment, {name} or, as the last one, {name*}");
  }
  if (wildcard && !last) refuse_pattern(pattern, "{" + name + "*} must be the last segment");
  if (std::find(parsed.names.begin(), parsed.names.end(), name) != parsed.names.end()) {
    refuse_pattern(pattern, "{" + name + "} stands twice");
  }
  parsed.names.push_back(std::move(name));
  parsed.parts.emplace_back(wildcard ? kWildcardPart : kParameterPart);
}

Pattern parse_pattern(const std::string& pattern) {
  if (pattern.empty() || pattern.front() != '/') refuse_pattern(pattern, "must start with '/'");
  Pattern parsed;
  size_t begin = 1;
  while (begin < pattern.size()) {
    const size_t end = std::min(pattern.find('/', begin), pattern.size());
    add_part(parsed, pattern, pattern.substr(begin, end - begin), end == pattern.size());
    begin = end + 1;
  }
  return parsed;
}

}  // namespace

// Immutable once published; add() copies the nodes along one path and shares the rest.
struct Router::Node {
  std::map<std::string, NodePtr, std::less<>> literals;
  NodePtr parameter;
  Leaf leaf;      // patterns that end here
  Leaf wildcard;  // patterns that end in {name*} here
};

Router::Router() : root_(std::make_shared<const Node>()) {}
Router::~Router() = default;

Router::NodePtr Router::snapshot() const { return std::atomic_load(&root_); }

Router::NodePtr Router::inserted(const NodePtr& node, const std::vector<std::string>& parts, size_t depth,
                                 const RoutePtr& route) {
  auto copy = node ? std::make_shared<Node>(*node) : std::make_shared<Node>();
  const bool ends = depth == parts.size();
  if (ends || parts[depth] == kWildcardPart) {
    RoutePtr& place = (ends ? copy->leaf : copy->wildcard)[place_of(route->method)];
    if (place) {
      throw Error(HILUM_E_DUPLICATE, std::string(method_name(route->method)) + " " + route->pattern + " of " +
                                         route->owner + " is already registered by " + place->owner + " as " +
                                         place->pattern);
    }
    place = route;
  } else {
    NodePtr& child = parts[depth] == kParameterPart ? copy->parameter : copy->literals[parts[depth]];
    child = inserted(child, parts, depth + 1, route);
  }
  return copy;
}

void Router::add(Route route) {
  if (place_of(route.method) == kTableMethods.size()) {
    throw Error(HILUM_E_OUT_OF_RANGE,
                "route " + route.pattern + ": the method must be GET, POST, PUT or DELETE");
  }
  if (!route.handler) throw Error(HILUM_E_NULL_POINTER, "route " + route.pattern + " has no handler");
  const Pattern pattern = parse_pattern(route.pattern);
  const auto shared = std::make_shared<const Route>(std::move(route));
  std::lock_guard<std::mutex> lock(writers_);
  std::atomic_store(&root_, inserted(snapshot(), pattern.parts, 0, shared));
}

bool Router::remove_owner(const std::string& owner, std::chrono::milliseconds patience) {
  std::vector<std::weak_ptr<const Route>> removed;
  {
    std::lock_guard<std::mutex> lock(writers_);
    NodePtr fresh = std::make_shared<const Node>();
    for (const RoutePtr& route : routes()) {
      if (route->owner == owner) {
        removed.push_back(route);
      } else {
        fresh = inserted(fresh, parse_pattern(route->pattern).parts, 0, route);
      }
    }
    std::atomic_store(&root_, std::move(fresh));
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto in_use = [&] {
    return std::any_of(removed.begin(), removed.end(), [](const auto& route) { return !route.expired(); });
  };
  while (in_use()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

std::vector<RoutePtr> Router::routes() const {
  std::vector<RoutePtr> all;
  std::vector<NodePtr> pending = {snapshot()};
  while (!pending.empty()) {
    const NodePtr node = std::move(pending.back());
    pending.pop_back();
    for (const Leaf* leaf : {&node->leaf, &node->wildcard}) {
      std::copy_if(leaf->begin(), leaf->end(), std::back_inserter(all),
                   [](const RoutePtr& r) { return !!r; });
    }
    for (const auto& [name, child] : node->literals) pending.push_back(child);
    if (node->parameter) pending.push_back(node->parameter);
  }
  std::sort(all.begin(), all.end(), [](const RoutePtr& a, const RoutePtr& b) {
    return std::tie(a->pattern, a->method) < std::tie(b->pattern, b->method);
  });
  return all;
}

namespace {

bool has_any(const Leaf& leaf) {
  return std::any_of(leaf.begin(), leaf.end(), [](const RoutePtr& route) { return !!route; });
}

// Names of a pattern's parameters with the values that the path gave them, in order.
Fields named_values(const Route& route, std::vector<std::string> values) {
  Fields fields;
  fields.reserve(values.size());
  size_t at = 0;
  for (std::string& value : values) {
    const size_t open = route.pattern.find('{', at);
    const size_t close = route.pattern.find_first_of("*}", open);
    fields.emplace_back(route.pattern.substr(open + 1, close - open - 1), std::move(value));
    at = close;
  }
  return fields;
}

std::string joined(const std::vector<std::string>& segments, size_t from) {
  std::string text = segments[from];
  for (size_t i = from + 1; i < segments.size(); ++i) text.append("/").append(segments[i]);
  return text;
}

}  // namespace

Router::Match Router::match(Method method, const std::vector<std::string>& segments) const {
  // What the search found: the pattern's leaf and the values of its parameters.
  struct Found {
    const Leaf* leaf;
    bool wildcard;
  };
  std::vector<std::string> values;
  // Depth is bounded by the deepest pattern, not by the path.
  const auto search = [&](const auto& self, const Node& node, size_t depth) -> std::optional<Found> {
    if (depth == segments.size()) {
      if (has_any(node.leaf)) return Found{&node.leaf, false};
      return std::nullopt;
    }
    if (const auto literal = node.literals.find(segments[depth]); literal != node.literals.end()) {
      if (auto found = self(self, *literal->second, depth + 1)) return found;
    }
    if (node.parameter) {
      values.push_back(segments[depth]);
      if (auto found = self(self, *node.parameter, depth + 1)) return found;
      values.pop_back();
    }
    if (has_any(node.wildcard)) {
      values.push_back(joined(segments, depth));
      return Found{&node.wildcard, true};
    }
    return std::nullopt;
  };

  Match match;
  const NodePtr root = snapshot();
  const std::optional<Found> found = search(search, *root, 0);
  if (!found) return match;
  const size_t place = place_of(method == Method::kHead ? Method::kGet : method);
  if (place < kTableMethods.size() && (*found->leaf)[place]) {
    match.kind = Match::Kind::kFound;
    match.route = (*found->leaf)[place];
    match.parameters = named_values(*match.route, std::move(values));
  } else if (!found->wildcard || method == Method::kOptions) {
    match.kind = Match::Kind::kWrongMethod;
    match.allow = allow_of(*found->leaf);
  }
  return match;
}

}  // namespace hilum::http
