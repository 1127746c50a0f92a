// Routes that stand at several levels: one row for /patients, /studies, /series and /instances.
#pragma once

#include <hilum/rest/call.h>

#include <vector>

namespace hilum::rest {

// At which levels a row stands.
enum Levels : unsigned {
  kP = 1u << HILUM_PATIENT,
  kSt = 1u << HILUM_STUDY,
  kSe = 1u << HILUM_SERIES,
  kI = 1u << HILUM_INSTANCE,
  kAll = kP | kSt | kSe | kI
};

inline constexpr uint32_t kSameLevel = 0;

using Arguments = std::vector<RouteArgument>;

inline Arguments operator+(Arguments left, const Arguments& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

struct LevelRoute {
  unsigned levels;  // the levels that {level} stands for: patients, studies, series, instances
  hilum_method method;
  const char* path;  // with "{level}" once
  uint32_t target;   // Call::target: another level that the route leads to
  void (*handler)(Call&);
  hilum_answer_kind answer;
  hilum_permission permission;
  const char* summary;
  Arguments arguments;
  const char* since = "seed";
  uint32_t flags = 0;  // hilum_route_flag
};

// Registers a row at each of its levels. `services` must live as long as `routes`.
void add_level_route(Routes& routes, const Services& services, const LevelRoute& row);

}  // namespace hilum::rest
