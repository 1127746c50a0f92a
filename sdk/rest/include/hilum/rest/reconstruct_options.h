// The options in the body of the routes that reconstruct resources.
#pragma once

#include <hilum/cpp/http.h>

#include <vector>

namespace hilum::rest {

struct ReconstructOptions {
  bool files = false;           // ReconstructFiles
  bool only_own_level = false;  // LimitToThisLevelMainDicomTags
};

// A body that is empty or no JSON counts as one without options: older clients send anything here. Throws
// HILUM_E_BAD_FORMAT for an option that is neither true nor false.
ReconstructOptions reconstruct_options(const Request& request);

// For the documentation of such a route.
std::vector<RouteArgument> reconstruct_arguments();

}  // namespace hilum::rest
