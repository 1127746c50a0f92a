#include "selection.h"

#include <hilum/rest/arguments.h>

#include <algorithm>
#include <string_view>

namespace hilum::jobs {

namespace {

template <typename T>
int compare(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

using Order = std::function<int(const JobFacts&, const JobFacts&)>;

Order order_of(std::string_view name) {
  const bool descending = !name.empty() && name.front() == '-';
  const std::string_view key = descending ? name.substr(1) : name;
  Order order;
  if (key == "id") {
    order = [](const JobFacts& a, const JobFacts& b) { return compare(a.id, b.id); };
  } else if (key == "created") {
    order = [](const JobFacts& a, const JobFacts& b) { return compare(a.number, b.number); };
  } else if (key == "changed") {
    order = [](const JobFacts& a, const JobFacts& b) { return compare(a.changed_us, b.changed_us); };
  } else if (key == "priority") {
    order = [](const JobFacts& a, const JobFacts& b) { return compare(a.priority, b.priority); };
  } else if (key == "progress") {
    order = [](const JobFacts& a, const JobFacts& b) { return compare(a.progress, b.progress); };
  } else if (key == "state") {
    order = [](const JobFacts& a, const JobFacts& b) {
      return compare(std::string_view(state_name(a.state)), std::string_view(state_name(b.state)));
    };
  } else if (key == "type") {
    order = [](const JobFacts& a, const JobFacts& b) { return compare(a.type, b.type); };
  } else {
    throw Error(
        HILUM_E_OUT_OF_RANGE,
        "order is one of id, created, changed, priority, progress, state, type, with a \"-\" before it "
        "for the largest first");
  }
  if (!descending) {
    return order;
  }
  return [order](const JobFacts& a, const JobFacts& b) { return order(b, a); };
}

}  // namespace

Selection::Selection(const Request& request) {
  if (const auto names = request.query("state")) {
    for (const std::string& name : rest::split(*names, ',')) {
      const std::optional<hilum_job_state> state = state_of_name(name);
      if (!state) {
        throw Error(HILUM_E_OUT_OF_RANGE,
                    "state is one or several of Pending, Running, Success, Failure, Paused, Retry, separated "
                    "by commas");
      }
      states.insert(*state);
    }
  }
  if (const auto names = request.query("type")) {
    for (std::string& name : rest::split(*names, ',')) {
      types.insert(std::move(name));
    }
  }
  if (const auto id = request.query("resource")) {
    resource = std::string(*id);
  }
  if (const auto name = request.query("order")) {
    order = order_of(*name);
  }
}

bool Selection::matches(const JobFacts& facts) const {
  return (states.empty() || states.count(facts.state) != 0) &&
         (types.empty() || types.count(facts.type) != 0) &&
         (!resource ||
          std::find(facts.resources.begin(), facts.resources.end(), *resource) != facts.resources.end());
}

bool Selection::before(const JobFacts& a, const JobFacts& b) const {
  const int result = order ? order(a, b) : 0;
  return result != 0 ? result < 0 : a.id < b.id;
}

std::vector<RouteArgument> selection_arguments(bool with_order) {
  std::vector<RouteArgument> rows = {
      {HILUM_IN_QUERY, "state", "string", "Only jobs in these states, separated by commas"},
      {HILUM_IN_QUERY, "type", "string", "Only jobs of these types, separated by commas"},
      {HILUM_IN_QUERY, "resource", "string", "Only jobs about the resource of this public id"}};
  if (with_order) {
    rows.push_back({HILUM_IN_QUERY, "order", "string",
                    "id, created, changed, priority, progress, state or type; \"-\" before it: descending"});
  }
  return rows;
}

}  // namespace hilum::jobs
