#include <array>

#include "job.h"

namespace hilum::jobs {

namespace {

constexpr std::array<const char*, kStates> kNames = {"",        "Pending", "Running", "Success",
                                                     "Failure", "Paused",  "Retry"};

}  // namespace

const char* state_name(hilum_job_state state) { return kNames.at(state); }

std::optional<hilum_job_state> state_of_name(std::string_view name) {
  for (size_t i = 1; i < kNames.size(); ++i) {
    if (kNames[i] == name) {
      return static_cast<hilum_job_state>(i);
    }
  }
  return std::nullopt;
}

}  // namespace hilum::jobs
