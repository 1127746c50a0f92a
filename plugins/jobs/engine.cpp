#include "engine.h"

#include <hilum/cpp/host.h>
#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "releases.h"
#include "unlocked.h"

namespace hilum::jobs {

namespace {

int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// A random UUID (RFC 9562, 5.4).
std::string make_id() {
  std::array<unsigned char, 16> bytes;
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw Error(HILUM_E_SYSTEM, "the operating system gives no random bytes");
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text += '-';
    }
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

}  // namespace

// The versions of a later run are larger, so that a client that comes back after a restart is told everything.
Engine::Engine(EngineOptions options, std::unique_ptr<RecordStore> store, Surroundings surroundings)
    : options_(options),
      store_(std::move(store)),
      around_(std::move(surroundings)),
      listeners_(
          [this] { around_.log(HILUM_LOG_WARNING, "a listener to jobs is too slow and loses events"); }),
      version_(static_cast<uint64_t>(now_us())) {}

void Engine::add_type(std::string type, Type entry) {
  const Lock lock(mutex_);
  if (!types_.emplace(type, entry).second) {
    throw Error(HILUM_E_DUPLICATE, "another plugin has jobs of the type " + type);
  }
}

JobPtr Engine::make(Owner owner, Submission submission, const hilum_job_task& task) const {
  auto job = std::make_shared<Job>();
  job->owner = owner;
  job->flags = submission.flags;
  job->facts.id = make_id();
  job->facts.type = std::move(submission.type);
  job->facts.priority = submission.priority;
  job->facts.content = std::move(submission.content);
  job->facts.user_data = std::move(submission.user_data);
  job->facts.resources = std::move(submission.resources);
  job->facts.created_us = job->facts.changed_us = now_us();
  job->task = std::make_unique<Task>(task, around_.error_of);
  return job;
}

// From here on, the job is the engine's.
void Engine::enter(const JobPtr& job) {
  job->facts.number = next_number_++;
  job->handle = {this, job.get()};
  jobs_.emplace(job->facts.id, job);
  ++counts_[HILUM_JOB_PENDING];
  set_state(*job, HILUM_JOB_PENDING);
  enqueue(job);
  listeners_.tell(HILUM_JOB_SUBMITTED, job->facts);
  around_.log(HILUM_LOG_INFO, "new job " + job->facts.id + " of type " + job->facts.type);
}

void Engine::check_open(Owner owner) const {
  if (stopping_ || withdrawn_.count(owner) != 0) {
    throw Error(HILUM_E_UNAVAILABLE, "the server is stopping and takes no more jobs");
  }
  const size_t unfinished = jobs_.size() - finished_.size();
  if (unfinished >= options_.maximum_unfinished) {
    throw Error(HILUM_E_BUSY, std::to_string(unfinished) +
                                  " jobs have not ended yet, more are not taken (see MaximumUnfinishedJobs)");
  }
}

bool Engine::is_kept(const Job& job) const { return store_ && (job.flags & HILUM_JOB_VOLATILE) == 0; }

// Whoever is told the id of a job must find it after a power failure, too.
void Engine::write_first_record(Lock& lock, Job& job) {
  if (!is_kept(job)) {
    return;
  }
  std::vector<RecordStore::Change> changes = {{job_key(job.facts.id), record_of(job)}};
  if (job.saved) {
    changes.emplace_back(task_key(job.facts.id), job.saved);
  }
  const Unlocked unlocked(lock);
  store_->write(changes);
  job.saved_changed = false;
}

// A submission that is refused after all must not run after a restart.
void Engine::erase_first_record(Lock& lock, const Job& job) {
  if (!is_kept(job)) {
    return;
  }
  try {  // at once, if possible: the thread that writes records may have ended already
    const std::string& id = job.facts.id;
    const Unlocked unlocked(lock);
    store_->write({{job_key(id), std::nullopt}, {task_key(id), std::nullopt}});
  } catch (const std::exception& error) {
    around_.log(HILUM_LOG_ERROR,
                std::string("the record of a refused job cannot be erased: ") + error.what());
    mark_dirty(job);
  }
}

JobPtr Engine::take(Lock& lock, Owner owner, Submission submission, const hilum_job_task& task,
                    bool durable) {
  const JobPtr job = make(owner, std::move(submission), task);
  bool written = false;
  try {
    if (is_kept(*job)) {
      const Unlocked unlocked(lock);
      job->saved = job->task->save();
    }
    check_open(owner);
    job->facts.number = next_number_++;
    if (durable) {
      write_first_record(lock, *job);
      written = true;
      check_open(owner);
    }
    enter(job);
    return job;
  } catch (...) {
    job->task->abandon();
    if (written) {
      erase_first_record(lock, *job);
    }
    throw;
  }
}

std::string Engine::submit(Owner owner, Submission submission, const hilum_job_task& task) {
  Lock lock(mutex_);
  return take(lock, owner, std::move(submission), task, true)->facts.id;
}

std::string Engine::run(Owner owner, Submission submission, const hilum_job_task& task, bool& taken) {
  if (on_engine_thread()) {
    throw Error(HILUM_E_BAD_SEQUENCE, "a job cannot wait for another one: submit it, and look at it later");
  }
  const Waiting waiting(*this);
  Lock lock(mutex_);
  const JobPtr job = take(lock, owner, std::move(submission), task, false);
  taken = true;
  done_.wait(lock, [&] { return is_finished(job->facts.state) || stopping_; });
  const Failure& failure = job->facts.failure;
  switch (job->facts.state) {
    case HILUM_JOB_SUCCESS:
      return job->facts.content;
    case HILUM_JOB_FAILURE:
      throw Error(failure.code, failure.http_status, failure.message, failure.details);
    default:
      throw Error(HILUM_E_UNAVAILABLE, "the server stops before job " + job->facts.id + " has ended");
  }
}

Engine::Waiting::Waiting(Engine& engine) : engine_(engine) {
  if (engine_.waiting_.fetch_add(1) >= engine_.options_.maximum_waiting) {
    engine_.waiting_.fetch_sub(1);
    throw Error(HILUM_E_BUSY, std::to_string(engine_.options_.maximum_waiting) +
                                  " requests wait for jobs, more cannot: submit the job asynchronously");
  }
}

Engine::Waiting::~Waiting() { engine_.waiting_.fetch_sub(1); }

JobPtr Engine::find(std::string_view id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : found->second;
}

// The job once no function of its task runs outside of the threads of the engine; null if it is gone by then.
JobPtr Engine::find_idle(Lock& lock, std::string_view id) {
  JobPtr job = find(id);
  while (job && job->busy && job->facts.state != HILUM_JOB_RUNNING) {
    idle_.wait(lock);
    job = find(id);
  }
  return job;
}

void Engine::mark_dirty(const Job& job) {
  if (is_kept(job)) {
    dirty_.insert(job.facts.id);
    dirty_changed_.notify_one();
  }
}

void Engine::touch(Job& job) {
  job.facts.version = ++version_;
  changed_.notify_all();
}

void Engine::set_state(Job& job, hilum_job_state state) {
  --counts_[job.facts.state];
  ++counts_[state];
  job.facts.state = state;
  job.facts.changed_us = now_us();
  touch(job);
  if (state != HILUM_JOB_RUNNING) {  // pending or running: the same to a restart
    mark_dirty(job);
  }
  around_.counted(counts_);
}

void Engine::enqueue(const JobPtr& job) {
  ready_.emplace(Place(-int64_t{job->facts.priority}, job->facts.number), job);
  work_.notify_one();
}

void Engine::dequeue(const Job& job) {
  ready_.erase(Place(-int64_t{job.facts.priority}, job.facts.number));
  for (auto entry = retries_.begin(); entry != retries_.end(); ++entry) {
    if (entry->second.get() == &job) {
      retries_.erase(entry);
      return;
    }
  }
}

void Engine::finish(Lock& lock, const JobPtr& job, hilum_job_state state, Failure failure) {
  job->facts.failure = std::move(failure);
  set_state(*job, state);
  finished_.push_back(job);
  const bool success = state == HILUM_JOB_SUCCESS;
  listeners_.tell(success ? HILUM_JOB_SUCCEEDED : HILUM_JOB_FAILED, job->facts);
  around_.log(
      HILUM_LOG_INFO,
      "job " + job->facts.id + " of type " + job->facts.type +
          (success ? " has succeeded" : " has failed with error " + std::to_string(job->facts.failure.code)));
  drop_outputs();
  done_.notify_all();
  drop_history(lock);
}

// Gives the lock up if there are tasks to release: what has ended is dropped, and nobody else finds it any more.
void Engine::drop_history(Lock& lock) {
  Releases releases(*this, lock);
  while (finished_.size() > options_.history) {
    const JobPtr job = finished_.front();
    idle_.wait(lock, [&] { return !job->busy; });
    const auto place = std::find(finished_.begin(), finished_.end(), job);
    if (place == finished_.end()) {
      continue;  // it runs again
    }
    finished_.erase(place);
    forget(*job, releases);
  }
}

// A finished job is no longer known.
void Engine::forget(Job& job, Releases& releases) {
  --counts_[job.facts.state];
  around_.counted(counts_);
  mark_dirty(job);
  touch(job);
  releases.take(job);
  job.outputs.clear();
  jobs_.erase(job.facts.id);
}

void Engine::drop_outputs() {
  size_t kept = 0;
  for (auto job = finished_.rbegin(); job != finished_.rend(); ++job) {
    if (!(*job)->outputs.empty() && ++kept > options_.outputs) {
      (*job)->outputs.clear();
    }
  }
}

// Makes the task of a job that a previous run has left. The job is busy.
void Engine::ready_task(Lock& lock, Job& job) {
  if (job.task) {
    return;
  }
  if (const std::optional<Failure> failure = cannot_go_on(job)) {
    throw Error(failure->code, failure->http_status, failure->message, failure->details);
  }
  const Type type = types_.find(job.facts.type)->second;
  const std::string text = *job.saved;
  job.owner = type.owner;  // before its code is called: its withdrawal waits for that
  hilum_job_task functions{};
  functions.size = sizeof functions;
  std::unique_ptr<Task> task;
  {
    const Unlocked unlocked(lock);
    int32_t status = HILUM_E_PLUGIN;
    try {
      status = type.load(type.context, to_text(job.facts.id), to_text(text), &functions);
    } catch (...) {  // no exception may cross the boundary
    }
    if (status != HILUM_OK) {
      throw around_.error_of(status);
    }
    task = std::make_unique<Task>(functions, around_.error_of);
  }
  job.task = std::move(task);
}

// Asks the task what a restart would need. The job is busy.
void Engine::save(Lock& lock, Job& job) {
  if (!is_kept(job)) {
    return;
  }
  job.saved_at = Clock::now();
  std::optional<std::string> saved;
  try {
    const Unlocked unlocked(lock);
    saved = job.task->save();
  } catch (const Error& error) {
    around_.log(
        HILUM_LOG_WARNING,
        "job " + job.facts.id + " cannot be saved, a restart begins where it was last: " + error.what());
    return;
  }
  if (saved != job.saved) {
    job.saved = std::move(saved);
    job.saved_changed = true;
  }
  mark_dirty(job);
}

void Engine::withdraw(Owner owner) {
  listeners_.remove(owner);
  std::vector<std::unique_ptr<Task>> released;
  Lock lock(mutex_);
  withdrawn_.insert(owner);
  for (auto type = types_.begin(); type != types_.end();) {
    type = type->second.owner == owner ? types_.erase(type) : std::next(type);
  }
  for (const auto& [id, job] : jobs_) {
    if (job->owner == owner) {
      dequeue(*job);
      ask_to_stop(*job);
    }
  }
  // A job that uses its task; a task that is released belongs to no job any more.
  const auto busy = [&] {
    return std::find_if(jobs_.begin(), jobs_.end(),
                        [&](const auto& job) { return job.second->owner == owner && job.second->busy; });
  };
  while (!idle_.wait_for(lock, std::chrono::seconds(10),
                         [&] { return busy() == jobs_.end() && releasing_.count(owner) == 0; })) {
    // Its code is about to go: there is nothing but to wait.
    const auto job = busy();
    around_.log(HILUM_LOG_WARNING,
                job == jobs_.end()
                    ? "a job that has ended is not released yet: the server waits for it to stop"
                    : "job " + job->first + " of type " + job->second->facts.type +
                          " has not ended its step: the server waits for it to stop");
  }
  for (const auto& [id, job] : jobs_) {
    if (job->owner == owner) {
      released.push_back(std::move(job->task));
      job->owner = nullptr;
    }
  }
  const Unlocked unlocked(lock);
  released.clear();
}

void Engine::ask_to_stop(Job& job) {
  uint32_t none = 0;  // a pause or a cancel that was asked for goes first
  job.stop_request.compare_exchange_strong(none, HILUM_JOB_STOP_SHUTDOWN);
}

}  // namespace hilum::jobs
