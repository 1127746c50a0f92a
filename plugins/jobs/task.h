// The boundary to the tasks of other plugins.
#pragma once

#include <hilum/cpp/error.h>
#include <hilum/draft/jobs.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace hilum::jobs {

// The error that belongs to a status, right after the call that has returned it.
using ErrorOf = std::function<Error(int32_t status)>;

struct Step {
  uint32_t outcome = HILUM_JOB_CONTINUE;
  std::chrono::milliseconds delay{0};
};

// Owns a task. One thread at a time; nothing escapes but Error.
class Task {
 public:
  Task(const hilum_job_task& functions, ErrorOf error_of);
  ~Task();
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  Step step(hilum_job* job);
  void stop(uint32_t reason) noexcept;
  void reset();
  // What is to be kept over a restart, if anything.
  std::optional<std::string> save();
  // The task is the caller's again, as if it had never been given: no release.
  void abandon() { functions_.release = nullptr; }

 private:
  hilum_job_task functions_{};
  ErrorOf error_of_;
};

}  // namespace hilum::jobs
