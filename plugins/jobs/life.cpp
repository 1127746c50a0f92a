// The engine from its start to its stop, and its records.
#include <pthread.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine.h"
#include "unlocked.h"

namespace hilum::jobs {

namespace {

constexpr std::chrono::seconds kWriteAgain{2};  // after records that could not be written

std::string_view after(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix ? text.substr(prefix.size()) : std::string_view();
}

}  // namespace

Engine::~Engine() { stop(); }

void Engine::load() {
  if (!store_) {
    return;
  }
  Lock lock(mutex_);
  std::vector<RecordStore::Change> useless;
  std::vector<JobPtr> finished;
  for (auto& [key, value] : store_->all()) {
    if (const std::string_view id = after(key, task_key({}));
        !id.empty()) {  // all jobs stand before all tasks
      if (const JobPtr job = find(id)) {
        job->saved = std::move(value);
      } else {
        useless.emplace_back(key, std::nullopt);
      }
      continue;
    }
    const auto job = std::make_shared<Job>();
    if (!read_record(value, *job) || job_key(job->facts.id) != key) {
      around_.log(HILUM_LOG_ERROR, "the record " + key + " of a job cannot be read and is removed");
      useless.emplace_back(key, std::nullopt);
      continue;
    }
    job->handle = {this, job.get()};
    job->facts.version = ++version_;
    next_number_ = std::max(next_number_, job->facts.number + 1);
    ++counts_[job->facts.state];
    jobs_.emplace(job->facts.id, job);
    if (job->facts.state == HILUM_JOB_PENDING) {
      enqueue(job);
    } else if (is_finished(job->facts.state)) {
      finished.push_back(job);
    }
  }
  std::sort(finished.begin(), finished.end(),
            [](const JobPtr& a, const JobPtr& b) { return a->facts.changed_us < b->facts.changed_us; });
  finished_ = std::move(finished);
  around_.counted(counts_);
  drop_history(lock);
  lock.unlock();
  if (!useless.empty()) {
    store_->write(useless);
  }
}

void Engine::forget_saved() {
  if (!store_) {
    return;
  }
  std::vector<RecordStore::Change> all;
  for (const auto& [key, value] : store_->all()) {
    all.emplace_back(key, std::nullopt);
  }
  if (!all.empty()) {
    around_.log(HILUM_LOG_WARNING, "the jobs of the previous run are forgotten, as it was asked for");
    store_->write(all);
  }
}

void Engine::start() {
  Lock lock(mutex_);
  if (stopping_ || !threads_.empty()) {
    return;
  }
  check_loaded(lock);
  for (size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { work(); });
  }
  if (store_) {
    keeper_ = std::thread([this] { keep(); });
  }
  around_.log(HILUM_LOG_WARNING,
              "The jobs engine has started with " + std::to_string(options_.threads) + " threads");
}

// Why a job without a task cannot be made to run again.
std::optional<Failure> Engine::cannot_go_on(const Job& job) const {
  const auto because = [](int32_t code, std::string details) {
    const StatusFacts facts = status_facts(code);
    return Failure{code, facts.http_status, facts.message, std::move(details)};
  };
  const std::string& type = job.facts.type;
  const auto found = types_.find(type);
  if (found != types_.end() && found->second.load && job.saved) {
    return std::nullopt;
  }
  if (found == types_.end() && job.saved) {
    return because(HILUM_E_UNAVAILABLE, "no plugin that runs has jobs of the type " + type);
  }
  return because(HILUM_E_BAD_SEQUENCE, "the server has stopped meanwhile, and a job of the type " + type +
                                           " cannot be carried over a restart: submit it anew");
}

// Says at once which jobs of the previous run cannot go on.
void Engine::check_loaded(Lock& lock) {
  std::vector<JobPtr> lost;
  for (const auto& [id, job] : jobs_) {
    if (job->loaded && !job->task && !is_finished(job->facts.state) && cannot_go_on(*job)) {
      lost.push_back(job);
    }
  }
  for (const JobPtr& job : lost) {
    // The end of one can give the lock up: meanwhile another one may have been cancelled.
    std::optional<Failure> failure = cannot_go_on(*job);
    if (is_finished(job->facts.state) || !failure) {
      continue;
    }
    dequeue(*job);
    around_.log(HILUM_LOG_WARNING, "job " + job->facts.id + " does not go on: " + failure->details);
    finish(lock, job, HILUM_JOB_FAILURE, std::move(*failure));
  }
}

void Engine::begin_stop() {
  const Lock lock(mutex_);
  stopping_ = true;
  for (const auto& [id, job] : jobs_) {
    ask_to_stop(*job);
  }
  work_.notify_all();
  done_.notify_all();
  changed_.notify_all();
}

void Engine::stop() {
  begin_stop();
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
  {
    const Lock lock(mutex_);
    keeper_ends_ = true;
    dirty_changed_.notify_all();
  }
  if (keeper_.joinable()) {
    keeper_.join();
  }
  listeners_.stop();
}

// The thread that writes records, those of all jobs that have changed meanwhile at once.
void Engine::keep() {
  pthread_setname_np(pthread_self(), "jobs-records");
  Lock lock(mutex_);
  bool failed = false;
  for (;;) {
    if (failed) {
      dirty_changed_.wait_for(lock, kWriteAgain, [&] { return keeper_ends_; });
    } else {
      dirty_changed_.wait(lock, [&] { return keeper_ends_ || !dirty_.empty(); });
    }
    const bool last = keeper_ends_;
    if (!dirty_.empty()) {
      failed = !write_dirty(lock);
    }
    if (last) {
      return;
    }
  }
}

// One job whose records are written.
struct Engine::Behind {
  std::string id;
  JobPtr job;  // null: it is gone, and so are its records
  bool with_task = false;
  size_t changes = 0;
  Written written = Written::kYes;
};

Engine::Behind Engine::behind_of(const std::string& id, std::vector<RecordStore::Change>& changes) const {
  Behind behind;
  behind.id = id;
  behind.job = find(id);
  behind.with_task = !behind.job || std::exchange(behind.job->saved_changed, false);
  changes.emplace_back(job_key(id),
                       behind.job ? std::optional<std::string>(record_of(*behind.job)) : std::nullopt);
  if (behind.with_task) {
    changes.emplace_back(task_key(id), behind.job ? behind.job->saved : std::nullopt);
  }
  behind.changes = behind.with_task ? 2 : 1;
  return behind;
}

Engine::Written Engine::write(const std::vector<RecordStore::Change>& changes, const std::string& whose) {
  int32_t code = HILUM_E_INTERNAL;
  std::string reason;
  try {
    store_->write(changes);
    return Written::kYes;
  } catch (const Error& error) {
    code = error.code();
    reason = error.what();
  } catch (const std::exception& error) {
    reason = error.what();
  }
  around_.log(HILUM_LOG_ERROR, "the records of " + whose + " cannot be written: " + reason);
  // 4xx: to blame is what is written, not the disk or the moment, and it would be refused for ever.
  return status_facts(code).http_status / 100 == 4 ? Written::kRefused : Written::kNotNow;
}

// All at once; if the store refuses something in it, each job on its own, so that one does not hold up the others.
void Engine::write_all(std::vector<Behind>& jobs, std::vector<RecordStore::Change> changes) {
  Written result = write(changes, "jobs");
  const bool together = result != Written::kRefused;
  auto begin = std::make_move_iterator(changes.begin());
  for (Behind& behind : jobs) {
    const auto end = begin + static_cast<ptrdiff_t>(behind.changes);
    if (!together && result != Written::kNotNow) {
      result = write({begin, end}, "job " + behind.id);
    }
    behind.written = result;
    begin = end;
  }
}

// False: some could not be written, and stay dirty. What the store refuses is given up until the job changes again.
bool Engine::write_dirty(Lock& lock) {
  std::vector<Behind> jobs;
  std::vector<RecordStore::Change> changes;
  for (const std::string& id : std::exchange(dirty_, {})) {
    jobs.push_back(behind_of(id, changes));
  }
  {
    const Unlocked unlocked(lock);
    write_all(jobs, std::move(changes));
  }
  bool done = true;
  for (const Behind& behind : jobs) {
    if (behind.written != Written::kYes && behind.job && behind.with_task) {
      behind.job->saved_changed = true;
    }
    if (behind.written == Written::kNotNow) {
      dirty_.insert(behind.id);
      done = false;
    }
  }
  return done;
}

}  // namespace hilum::jobs
