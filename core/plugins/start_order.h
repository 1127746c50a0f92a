// In which order plugins start, and who cannot: pure functions of what they require, want and provide.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::plugins {

struct Candidate {
  std::string name;
  std::vector<std::string> required, wanted, provided;
};

struct StartOrder {
  std::vector<size_t> order;  // indexes of candidates
  struct Refusal {
    size_t candidate;
    std::string reason;  // names the service that is missing, or the cycle
  };
  std::vector<Refusal> refused;
  // Providers that start after who wants them, because the wishes go round in a circle: for the log.
  std::vector<std::string> warnings;
};

// `is_core_service` tells the services that the server itself provides. Among those that may start, the order
// is that of `candidates`.
StartOrder start_order(const std::vector<Candidate>& candidates,
                       const std::function<bool(std::string_view)>& is_core_service);

}  // namespace hilum::plugins
