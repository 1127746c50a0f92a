// What clients and plugins ask of jobs: changes of state, and what steps say about themselves.
#include <algorithm>
#include <utility>

#include "engine.h"
#include "releases.h"
#include "unlocked.h"

namespace hilum::jobs {

// Marks a job whose task is used outside of the engine's threads. Lives under the lock.
class Engine::Busy {
 public:
  Busy(Engine& engine, Job& job) : engine_(engine), job_(job) { job_.busy = true; }
  ~Busy() {
    job_.busy = false;
    engine_.idle_.notify_all();
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  Engine& engine_;
  Job& job_;
};

bool Engine::pause(std::string_view id) {
  Lock lock(mutex_);
  const JobPtr job = find_idle(lock, id);
  if (!job) {
    return false;
  }
  switch (job->facts.state) {
    case HILUM_JOB_RUNNING: {
      uint32_t none = 0;  // not after a cancel
      job->stop_request.compare_exchange_strong(none, HILUM_JOB_STOP_PAUSED);
      break;
    }
    case HILUM_JOB_PENDING:
    case HILUM_JOB_RETRY:
      dequeue(*job);
      set_state(*job, HILUM_JOB_PAUSED);
      break;
    default:
      break;
  }
  return true;
}

bool Engine::cancel(std::string_view id) {
  Lock lock(mutex_);
  const JobPtr job = find_idle(lock, id);
  if (!job) {
    return false;
  }
  if (job->facts.state == HILUM_JOB_RUNNING) {
    job->stop_request = HILUM_JOB_STOP_CANCELED;
  } else if (!is_finished(job->facts.state)) {
    dequeue(*job);
    if (job->task) {
      const Busy busy(*this, *job);
      const Unlocked unlocked(lock);
      job->task->stop(HILUM_JOB_STOP_CANCELED);
    }
    finish(lock, job, HILUM_JOB_FAILURE, canceled());
  }
  return true;
}

bool Engine::resume(std::string_view id) {
  Lock lock(mutex_);
  const JobPtr job = find_idle(lock, id);
  if (!job || job->facts.state != HILUM_JOB_PAUSED) {
    return false;
  }
  set_state(*job, HILUM_JOB_PENDING);
  enqueue(job);
  return true;
}

bool Engine::resubmit(std::string_view id) {
  Lock lock(mutex_);
  const JobPtr job = find_idle(lock, id);
  if (!job || job->facts.state != HILUM_JOB_FAILURE) {
    return false;
  }
  {
    const Busy busy(*this, *job);
    ready_task(lock, *job);
    {
      const Unlocked unlocked(lock);
      job->task->reset();
    }
    save(lock, *job);
  }
  finished_.erase(std::remove(finished_.begin(), finished_.end(), job), finished_.end());
  job->outputs.clear();
  job->facts.progress = 0;
  job->facts.runtime_s = 0;
  job->facts.error_payload.reset();  // the code stays until it runs
  set_state(*job, HILUM_JOB_PENDING);
  enqueue(job);
  return true;
}

bool Engine::remove(std::string_view id) {
  Lock lock(mutex_);
  Releases releases(*this, lock);
  const JobPtr job = find_idle(lock, id);
  if (!job || !is_finished(job->facts.state)) {
    return false;
  }
  finished_.erase(std::remove(finished_.begin(), finished_.end(), job), finished_.end());
  forget(*job, releases);
  return true;
}

bool Engine::remove_output(std::string_view id, std::string_view key) {
  const Lock lock(mutex_);
  const JobPtr job = find(id);
  if (!job || job->facts.state != HILUM_JOB_SUCCESS) {
    return false;
  }
  const auto output = job->outputs.find(key);
  if (output == job->outputs.end()) {
    return false;
  }
  job->outputs.erase(output);
  return true;
}

std::optional<JobFacts> Engine::facts(std::string_view id) const {
  const Lock lock(mutex_);
  const JobPtr job = find(id);
  return job ? std::optional<JobFacts>(now_of(*job)) : std::nullopt;
}

// The facts with the time that has passed since the run began.
JobFacts Engine::now_of(const Job& job) const {
  JobFacts facts = job.facts;
  if (facts.state == HILUM_JOB_RUNNING) {
    facts.runtime_s += std::chrono::duration<double>(Clock::now() - job.run_since).count();
  }
  return facts;
}

std::vector<std::string> Engine::ids() const {
  const Lock lock(mutex_);
  std::vector<std::string> ids;
  ids.reserve(jobs_.size());
  for (const auto& [id, job] : jobs_) {
    ids.push_back(id);
  }
  return ids;
}

std::shared_ptr<const Output> Engine::output(std::string_view id, std::string_view key) const {
  const Lock lock(mutex_);
  const JobPtr job = find(id);
  if (!job || job->facts.state != HILUM_JOB_SUCCESS) {
    return nullptr;
  }
  const auto output = job->outputs.find(key);
  return output == job->outputs.end() ? nullptr : output->second;
}

std::vector<JobFacts> Engine::changed_since(uint64_t version,
                                            const std::function<bool(const JobFacts&)>& wanted,
                                            bool with_content) const {
  std::vector<JobFacts> changed;
  {
    const Lock lock(mutex_);
    for (const auto& [id, job] : jobs_) {
      if (job->facts.version > version && wanted(job->facts)) {
        changed.push_back(now_of(*job));
        if (!with_content) {
          changed.back().content.clear();
        }
      }
    }
  }
  std::sort(changed.begin(), changed.end(),
            [](const JobFacts& a, const JobFacts& b) { return a.version < b.version; });
  return changed;
}

void Engine::wait_for_change(uint64_t version, Clock::time_point deadline) const {
  Lock lock(mutex_);
  changed_.wait_until(lock, deadline, [&] { return version_ > version || stopping_; });
}

uint64_t Engine::version() const {
  const Lock lock(mutex_);
  return version_;
}

void Engine::set_progress(Job& job, double progress) {
  const Lock lock(mutex_);
  job.facts.progress = progress > 0 ? std::min(progress, 1.0) : 0;
  touch(job);
}

void Engine::set_content(Job& job, std::string content) {
  const Lock lock(mutex_);
  job.facts.content = std::move(content);
  touch(job);
}

void Engine::set_output(Job& job, std::string key, std::shared_ptr<const Output> output) {
  const Lock lock(mutex_);
  job.outputs[std::move(key)] = std::move(output);
}

bool Engine::remove_output(Job& job, std::string_view key) {
  const Lock lock(mutex_);
  const auto output = job.outputs.find(key);
  if (output == job.outputs.end()) {
    return false;
  }
  job.outputs.erase(output);
  return true;
}

void Engine::set_error_payload(Job& job, std::optional<std::string> payload) {
  const Lock lock(mutex_);
  job.facts.error_payload = std::move(payload);
  touch(job);
}

}  // namespace hilum::jobs
