// Which jobs a client asks for, and in which order.
#pragma once

#include <hilum/cpp/http.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "job.h"

namespace hilum::jobs {

// The query arguments `state`, `type` (several, separated by commas), `resource` and `order`. Throws HILUM_E_OUT_OF_RANGE for a
// state or an order that does not exist.
struct Selection {
  explicit Selection(const Request& request);

  bool matches(const JobFacts& facts) const;
  // By `order`; by id, as ever, if there is none.
  bool before(const JobFacts& a, const JobFacts& b) const;
  bool selects_all() const { return states.empty() && types.empty() && !resource && !order; }

  std::set<hilum_job_state> states;
  std::set<std::string, std::less<>> types;
  std::optional<std::string> resource;
  std::function<int(const JobFacts&, const JobFacts&)> order;  // negative: the first one stands before
};

// The rows of these arguments for a route's documentation.
std::vector<RouteArgument> selection_arguments(bool with_order);

}  // namespace hilum::jobs
