// The threads that run jobs.
#include <pthread.h>

#include <utility>

#include "engine.h"
#include "unlocked.h"

namespace hilum::jobs {

// Of the calling thread: is it one of an engine's?
bool& Engine::on_engine_thread() {
  thread_local bool is_one = false;
  return is_one;
}

Failure Engine::canceled() {
  const StatusFacts facts = status_facts(HILUM_E_CANCELED_JOB);
  return {HILUM_E_CANCELED_JOB, facts.http_status, facts.message, {}};
}

void Engine::work() {
  pthread_setname_np(pthread_self(), "jobs");
  on_engine_thread() = true;
  Lock lock(mutex_);
  while (const JobPtr job = next_job(lock)) {
    run_job(lock, job);
  }
}

// Null at the end of the engine.
JobPtr Engine::next_job(Lock& lock) {
  for (;;) {
    if (stopping_) {
      return nullptr;
    }
    while (!retries_.empty() && retries_.begin()->first <= Clock::now()) {
      const JobPtr job = retries_.begin()->second;
      retries_.erase(retries_.begin());
      set_state(*job, HILUM_JOB_PENDING);
      enqueue(job);
    }
    if (!ready_.empty()) {
      const JobPtr job = ready_.begin()->second;
      ready_.erase(ready_.begin());
      return job;
    }
    if (retries_.empty()) {
      work_.wait(lock);
    } else {
      // A copy: the entry may go while this thread waits.
      const Clock::time_point next = retries_.begin()->first;
      work_.wait_until(lock, next);
    }
  }
}

void Engine::run_job(Lock& lock, const JobPtr& job) {
  job->busy = true;
  job->stop_request = 0;
  job->run_since = job->saved_at = Clock::now();
  job->facts.failure = Failure();
  set_state(*job, HILUM_JOB_RUNNING);
  Step last;
  std::optional<Failure> failure;
  try {
    ready_task(lock, *job);
    last = run_steps(lock, *job);
  } catch (const Error& error) {
    failure = Failure{error.code(), error.http_status(), error.message(), error.details()};
  } catch (const std::exception& error) {
    failure = Failure{HILUM_E_INTERNAL, 500, status_facts(HILUM_E_INTERNAL).message, error.what()};
  }
  end_run(lock, job, last, std::move(failure));
}

// Until the job has ended, wants another try, or is asked to stop (HILUM_JOB_CONTINUE).
Step Engine::run_steps(Lock& lock, Job& job) {
  for (;;) {
    if (job.stop_request != 0 || stopping_) {
      return {};
    }
    Step step;
    {
      const Unlocked unlocked(lock);
      step = job.task->step(&job.handle);
    }
    if (step.outcome != HILUM_JOB_CONTINUE) {
      return step;
    }
    if (Clock::now() - job.saved_at >= options_.save_interval) {
      save(lock, job);
    }
  }
}

// Why no further step follows.
uint32_t Engine::reason_of(const Job& job, const Step& last, bool failed) const {
  if (failed) {
    return HILUM_JOB_STOP_FAILED;
  }
  if (last.outcome == HILUM_JOB_DONE) {
    return HILUM_JOB_STOP_DONE;
  }
  const uint32_t request = job.stop_request;
  if (request != 0) {
    return request;
  }
  return last.outcome == HILUM_JOB_TRY_AGAIN ? 0u : static_cast<uint32_t>(HILUM_JOB_STOP_SHUTDOWN);
}

// Saves what a later step would need, and tells the task why none follows for now.
void Engine::tell_end(Lock& lock, Job& job, uint32_t reason) {
  if (!job.task) {
    return;
  }
  std::unique_ptr<Task> ended;
  if (reason == HILUM_JOB_STOP_DONE) {
    ended = std::move(job.task);
  } else {
    save(lock, job);
  }
  const Unlocked unlocked(lock);
  if (reason != 0) {
    (ended ? *ended : *job.task).stop(reason);
  }
  ended.reset();
}

void Engine::end_run(Lock& lock, const JobPtr& job, const Step& last, std::optional<Failure> failure) {
  uint32_t reason = reason_of(*job, last, failure.has_value());
  uint32_t told;
  do {  // again if somebody pauses or cancels meanwhile
    told = reason;
    tell_end(lock, *job, reason);
    reason = reason_of(*job, last, failure.has_value());
  } while (reason != told);
  job->facts.runtime_s += std::chrono::duration<double>(Clock::now() - job->run_since).count();
  job->busy = false;
  switch (reason) {
    case HILUM_JOB_STOP_DONE:
      job->facts.progress = 1;
      job->saved.reset();
      job->saved_changed = true;
      finish(lock, job, HILUM_JOB_SUCCESS, {});
      break;
    case HILUM_JOB_STOP_FAILED:
      finish(lock, job, HILUM_JOB_FAILURE, std::move(*failure));
      break;
    case HILUM_JOB_STOP_CANCELED:
      finish(lock, job, HILUM_JOB_FAILURE, canceled());
      break;
    case HILUM_JOB_STOP_PAUSED:
      set_state(*job, HILUM_JOB_PAUSED);
      break;
    case HILUM_JOB_STOP_SHUTDOWN:
      set_state(*job, HILUM_JOB_PENDING);
      if (withdrawn_.count(job->owner) == 0) {
        enqueue(job);
      }
      break;
    default:
      set_state(*job, HILUM_JOB_RETRY);
      retries_.emplace(Clock::now() + last.delay, job);
      work_.notify_one();
      break;
  }
  idle_.notify_all();
}

}  // namespace hilum::jobs
