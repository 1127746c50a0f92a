// The job engine: the state machine, the queue and the threads.
#pragma once

#include <hilum/draft/jobs.h>
#include <hilum/log.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "job.h"
#include "listeners.h"
#include "record.h"

namespace hilum::jobs {

struct EngineOptions {
  size_t threads = 2;   // jobs that run at the same time
  size_t history = 10;  // finished jobs that are kept
  size_t maximum_unfinished = 10000;
  size_t maximum_waiting = 48;                    // callers of run() and streams of events at the same time
  size_t outputs = 1;                             // finished jobs whose outputs are kept
  std::chrono::milliseconds save_interval{3000};  // of running jobs
};

// How many jobs there are of each state, by hilum_job_state.
using Counts = std::array<size_t, kStates>;

// What the engine needs of the world around it. Called with the engine's lock held: they return at once and do not call
// back.
struct Surroundings {
  const hilum_host* host = nullptr;  // of this plugin: keeps the errors of what steps call
  ErrorOf error_of;
  std::function<void(hilum_log_level level, const std::string& line)> log;
  std::function<void(const Counts&)> counted;
};

struct Submission {
  std::string type;
  int32_t priority = 0;
  uint32_t flags = 0;
  std::string content = "{}";
  std::optional<std::string> user_data;
  std::vector<std::string> resources;
};

// Any thread, except where said otherwise. One mutex guards all jobs; no function of a task, no listener and no record is
// called or written under it.
class Engine {
 public:
  struct Type {
    Owner owner = nullptr;
    hilum_load_job load = nullptr;
    void* context = nullptr;
  };

  // `store` may be null: nothing is kept.
  Engine(EngineOptions options, std::unique_ptr<RecordStore> store, Surroundings surroundings);
  ~Engine();  // stop()
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // --- life.cpp: from start to stop, in this order, from one thread at a time ---
  // The jobs of the previous run, or (--no-jobs) none of them, ever again; before the first submission.
  void load();
  void forget_saved();
  void start();       // all types are known: jobs run from now on
  void begin_stop();  // no further step; whoever waits is told
  void stop();        // ends all threads; everything is saved
  bool is_stopping() const { return stopping_.load(); }

  // --- engine.cpp ---
  void add_type(std::string type, Type entry);
  void listen(Owner owner, hilum_on_job on_job, void* context) { listeners_.add(owner, on_job, context); }
  void withdraw(Owner owner);
  // Takes the task unless it throws. The id.
  std::string submit(Owner owner, Submission submission, const hilum_job_task& task);
  // The content; throws the error of the job. `taken` as for the service.
  std::string run(Owner owner, Submission submission, const hilum_job_task& task, bool& taken);

  // Holds one of the places of those who keep a thread of HTTP waiting. Throws HILUM_E_BUSY if there is none left.
  class Waiting {
   public:
    explicit Waiting(Engine& engine);
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Engine& engine_;
  };

  // --- actions.cpp: false if there is no such job, or not in a state for it ---
  bool pause(std::string_view id);
  bool cancel(std::string_view id);
  bool resume(std::string_view id);
  bool resubmit(std::string_view id);  // throws if the task refuses
  bool remove(std::string_view id);    // of a finished job
  bool remove_output(std::string_view id, std::string_view key);

  // --- looking ---
  std::optional<JobFacts> facts(std::string_view id) const;
  std::vector<std::string> ids() const;  // ascending
  // What can be downloaded: of jobs that have succeeded.
  std::shared_ptr<const Output> output(std::string_view id, std::string_view key) const;
  // The jobs that have changed after `version`, oldest change first, and only those for which `wanted` holds.
  std::vector<JobFacts> changed_since(uint64_t version, const std::function<bool(const JobFacts&)>& wanted,
                                      bool with_content = true) const;
  // Waits until something has changed after `version`, the deadline, or begin_stop().
  void wait_for_change(uint64_t version, std::chrono::steady_clock::time_point deadline) const;
  uint64_t version() const;

  // --- inside steps ---
  const hilum_host* host() const { return around_.host; }
  void set_progress(Job& job, double progress);
  void set_content(Job& job, std::string content);
  void set_output(Job& job, std::string key, std::shared_ptr<const Output> output);
  bool remove_output(Job& job, std::string_view key);
  void set_error_payload(Job& job, std::optional<std::string> payload);

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Clock = std::chrono::steady_clock;
  using Place = std::pair<int64_t, uint64_t>;  // the higher priority first, then the older submission

  // engine.cpp
  JobPtr make(Owner owner, Submission submission, const hilum_job_task& task) const;
  JobPtr take(Lock& lock, Owner owner, Submission submission, const hilum_job_task& task, bool durable);
  void check_open(Owner owner) const;
  bool is_kept(const Job& job) const;
  void write_first_record(Lock& lock, Job& job);
  void erase_first_record(Lock& lock, const Job& job);
  void enter(const JobPtr& job);
  JobPtr find(std::string_view id) const;
  void touch(Job& job);
  void mark_dirty(const Job& job);
  void set_state(Job& job, hilum_job_state state);
  void enqueue(const JobPtr& job);
  void dequeue(const Job& job);
  JobPtr find_idle(Lock& lock, std::string_view id);
  void finish(Lock& lock, const JobPtr& job, hilum_job_state state, Failure failure);
  void drop_history(Lock& lock);
  void drop_outputs();
  void ready_task(Lock& lock, Job& job);
  void save(Lock& lock, Job& job);
  class Releases;
  void forget(Job& job, Releases& releases);
  static void ask_to_stop(Job& job);

  // worker.cpp
  static bool& on_engine_thread();
  void work();
  JobPtr next_job(Lock& lock);
  void run_job(Lock& lock, const JobPtr& job);
  Step run_steps(Lock& lock, Job& job);
  uint32_t reason_of(const Job& job, const Step& last, bool failed) const;
  void end_run(Lock& lock, const JobPtr& job, const Step& last, std::optional<Failure> failure);
  void tell_end(Lock& lock, Job& job, uint32_t reason);
  static Failure canceled();

  // actions.cpp
  class Busy;
  JobFacts now_of(const Job& job) const;

  // life.cpp
  void keep();
  enum class Written { kYes, kNotNow, kRefused };
  struct Behind;
  Behind behind_of(const std::string& id, std::vector<RecordStore::Change>& changes) const;
  Written write(const std::vector<RecordStore::Change>& changes, const std::string& whose);
  void write_all(std::vector<Behind>& jobs, std::vector<RecordStore::Change> changes);
  bool write_dirty(Lock& lock);
  void check_loaded(Lock& lock);
  std::optional<Failure> cannot_go_on(const Job& job) const;

  const EngineOptions options_;
  const std::unique_ptr<RecordStore> store_;
  const Surroundings around_;
  Listeners listeners_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;  // versions
  std::condition_variable work_;             // something to run, or the end
  std::condition_variable idle_;             // a job is no longer busy, or tasks have been released
  std::condition_variable done_;             // a job has finished
  std::condition_variable dirty_changed_;
  std::map<std::string, JobPtr, std::less<>> jobs_;
  std::map<Place, JobPtr> ready_;
  std::multimap<Clock::time_point, JobPtr> retries_;
  std::vector<JobPtr> finished_;  // oldest end first
  std::map<std::string, Type, std::less<>> types_;
  std::set<Owner> withdrawn_;
  std::multiset<Owner> releasing_;  // of tasks that no job has any more, until they are released
  std::set<std::string> dirty_;     // ids whose records are behind
  Counts counts_{};
  uint64_t next_number_ = 1;
  uint64_t version_;
  std::atomic<size_t> waiting_{0};
  std::atomic<bool> stopping_{false};
  bool keeper_ends_ = false;
  std::vector<std::thread> threads_;
  std::thread keeper_;
};

}  // namespace hilum::jobs
