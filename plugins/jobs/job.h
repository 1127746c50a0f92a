// One job: what /jobs shows of it, and what the engine needs to run it.
#pragma once

#include <hilum/cpp/error.h>
#include <hilum/draft/jobs.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "output.h"
#include "task.h"

namespace hilum::jobs {
class Engine;
struct Job;
}  // namespace hilum::jobs

// What a step is given.
struct hilum_job {
  hilum::jobs::Engine* engine = nullptr;
  hilum::jobs::Job* job = nullptr;
};

namespace hilum::jobs {

// Who has submitted a job: the host of a plugin.
using Owner = const void*;

constexpr size_t kStates = HILUM_JOB_RETRY + 1;
const char* state_name(hilum_job_state state);  // "Pending"
std::optional<hilum_job_state> state_of_name(std::string_view name);
inline bool is_finished(hilum_job_state state) {
  return state == HILUM_JOB_SUCCESS || state == HILUM_JOB_FAILURE;
}

struct Failure {
  int32_t code = HILUM_OK;
  int32_t http_status = 0;
  std::string message = "Success";
  std::string details;
};

// What can be told about a job without touching it again. JSON texts are in the layout of the REST API.
struct JobFacts {
  std::string id;
  std::string type;
  hilum_job_state state = HILUM_JOB_PENDING;
  int32_t priority = 0;
  uint64_t number = 0;   // in the order of submissions
  uint64_t version = 0;  // grows with each change of any job
  double progress = 0;   // 0 to 1
  double runtime_s = 0;  // running time only
  int64_t created_us = 0;
  int64_t changed_us = 0;  // the last change of state
  std::string content = "{}";
  std::optional<std::string> user_data;
  std::optional<std::string> error_payload;
  std::vector<std::string> resources;
  Failure failure;
};

// Owned by the engine, shared with whoever waits for it. Everything is guarded by the engine's mutex, but for `stop_request`; the task
// is used only by the one thread that has set `busy`.
struct Job {
  JobFacts facts;
  uint32_t flags = 0;
  Owner owner = nullptr;
  std::unique_ptr<Task> task;             // none: not loaded again yet, or no longer needed
  std::optional<std::string> saved;       // what the type's loader makes the task of
  bool loaded = false;                    // comes from the records of a previous run
  bool busy = false;                      // a function of the task runs
  bool saved_changed = true;              // the record of `saved` is behind
  std::atomic<uint32_t> stop_request{0};  // hilum_job_stop
  std::chrono::steady_clock::time_point run_since;
  std::chrono::steady_clock::time_point saved_at;
  std::chrono::steady_clock::time_point retry_at;
  std::map<std::string, std::shared_ptr<const Output>, std::less<>> outputs;
  hilum_job handle;
};
using JobPtr = std::shared_ptr<Job>;

}  // namespace hilum::jobs
