#include "task.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

namespace hilum::jobs {

namespace {

constexpr size_t kLargestSave = 8u << 20;
constexpr std::chrono::milliseconds kLongestDelay = std::chrono::hours(24);

// A status, whatever the function does. No exception may cross the boundary; one that does all the same must not end
// the engine's thread.
template <typename Function>
void call(const ErrorOf& error_of, Function&& function) {
  int32_t status = HILUM_OK;
  try {
    status = function();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(HILUM_E_PLUGIN, std::string("exception out of a job: ") + error.what());
  } catch (...) {
    throw Error(HILUM_E_PLUGIN, "exception of unknown type out of a job");
  }
  if (status != HILUM_OK) {
    throw error_of(status);
  }
}

struct BoundedText {
  std::string text;
  bool written = false;
  static int32_t write(void* context, const void* data, uint64_t size) {
    auto* self = static_cast<BoundedText*>(context);
    self->written = true;
    if (size > kLargestSave - self->text.size()) {
      return HILUM_E_TOO_LARGE;
    }
    try {
      self->text.append(static_cast<const char*>(data), size);
    } catch (...) {
      return HILUM_E_NO_MEMORY;
    }
    return HILUM_OK;
  }
};

}  // namespace

Task::Task(const hilum_job_task& functions, ErrorOf error_of) : error_of_(std::move(error_of)) {
  std::memcpy(&functions_, &functions, std::min<size_t>(functions.size, sizeof functions_));
  if (!functions_.step) {
    throw Error(HILUM_E_NULL_POINTER, "a task of a job has no function step");
  }
}

Task::~Task() {
  if (functions_.release) {
    try {
      functions_.release(functions_.context);
    } catch (...) {  // it was the last word about this task anyway
    }
  }
}

Step Task::step(hilum_job* job) {
  Step step;
  uint32_t outcome = 0;
  uint64_t delay_ms = 0;
  call(error_of_, [&] { return functions_.step(functions_.context, job, &outcome, &delay_ms); });
  if (outcome < HILUM_JOB_CONTINUE || outcome > HILUM_JOB_TRY_AGAIN) {
    throw Error(HILUM_E_PLUGIN, "a step of a job had the unknown outcome " + std::to_string(outcome));
  }
  step.outcome = outcome;
  step.delay = std::chrono::milliseconds(std::min<uint64_t>(delay_ms, kLongestDelay.count()));
  return step;
}

void Task::stop(uint32_t reason) noexcept {
  if (!functions_.stop) {
    return;
  }
  try {
    functions_.stop(functions_.context, reason);
  } catch (...) {  // nobody could do anything about it
  }
}

void Task::reset() {
  if (functions_.reset) {
    call(error_of_, [&] { return functions_.reset(functions_.context); });
  }
}

std::optional<std::string> Task::save() {
  if (!functions_.save) {
    return std::nullopt;
  }
  BoundedText text;
  call(error_of_, [&] { return functions_.save(functions_.context, {&text, &BoundedText::write}); });
  if (!text.written) {
    return std::nullopt;
  }
  return std::move(text.text);
}

}  // namespace hilum::jobs
