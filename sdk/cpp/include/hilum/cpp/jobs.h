// hilum.jobs/draft in C++: tasks are classes, failures are exceptions.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/draft/jobs.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hilum {

// The job that a step belongs to. A small value, valid until the step returns; usable from all threads of the step.
class Job {
 public:
  Job(Host host, const hilum_jobs_draft& table, hilum_job* job) : host_(host), table_(&table), job_(job) {}

  std::string_view id() const { return to_view(table_->id(job_)); }
  void set_progress(double progress) const { table_->set_progress(job_, progress); }  // 0 to 1
  void set_content(std::string_view json) const { host_.check(table_->set_content(job_, to_text(json))); }
  // The file is there for download once the job has succeeded; the descriptor is copied.
  void set_output(std::string_view key, std::string_view media_type, std::string_view file_name,
                  int descriptor) const {
    hilum_job_output output{};
    output.size = sizeof output;
    output.descriptor = descriptor;
    output.key = to_text(key);
    output.media_type = to_text(media_type);
    output.file_name = to_text(file_name);
    host_.check(table_->set_output(job_, &output));
  }
  void remove_output(std::string_view key) const { host_.check(table_->remove_output(job_, to_text(key))); }
  void set_error_payload(std::string_view json) const {
    host_.check(table_->set_error_payload(job_, to_text(json)));
  }
  // 0, or why the step should end soon (hilum_job_stop).
  uint32_t stop_requested() const { return table_->stop_requested(job_); }

 private:
  Host host_;
  const hilum_jobs_draft* table_;
  hilum_job* job_;
};

// What comes after a step.
struct JobStep {
  hilum_job_step outcome = HILUM_JOB_CONTINUE;
  std::chrono::milliseconds delay{0};

  static JobStep more() { return {HILUM_JOB_CONTINUE, {}}; }
  static JobStep done() { return {HILUM_JOB_DONE, {}}; }
  static JobStep again(std::chrono::milliseconds delay) { return {HILUM_JOB_TRY_AGAIN, delay}; }
};

// The work of a job. Owned by the engine once it is submitted; its functions are never called at the same time, but on
// various threads. An Error out of `step` is the failure of the job.
class JobTask {
 public:
  virtual ~JobTask() = default;
  virtual JobStep step(const Job& job) = 0;
  // No further step for now (or ever): give back what need not be held.
  virtual void stop(hilum_job_stop) {}
  // Run again from the beginning after a failure. Throw HILUM_E_BAD_SEQUENCE to refuse.
  virtual void reset() {}
  // What the type's loader needs to go on from here; nothing: not carried over a restart.
  virtual std::optional<std::string> save() { return std::nullopt; }
};

struct JobOptions {
  int32_t priority = 0;
  uint32_t flags = 0;                    // hilum_job_flag
  std::string content;                   // JSON object; empty: {}
  std::optional<std::string> user_data;  // JSON value
  std::vector<std::string> resources;    // public ids
};

// The job engine as one plugin uses it. A member of the plugin's class, declared after what tasks use, for its destructor waits
// for steps that run and releases the tasks. add_type and listen only inside the plugin's constructor; the rest from every
// thread.
class Jobs {
 public:
  using Loader = std::function<std::unique_ptr<JobTask>(std::string_view id, std::string_view text)>;
  using Listener = std::function<void(hilum_job_event event, const hilum_job_info& job)>;

  explicit Jobs(Host host) : host_(host), table_(&host.service<hilum_jobs_draft>(HILUM_JOBS_DRAFT)) {}
  ~Jobs() { table_->withdraw(table_->engine, host_.get()); }
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // Without a loader, jobs of this type are not carried over a restart.
  void add_type(std::string_view type, Loader loader = nullptr) {
    types_.push_back(Type{this, std::move(loader)});
    host_.check(table_->add_type(table_->engine, host_.get(), to_text(type),
                                 types_.back().loader ? &Jobs::load : nullptr, &types_.back()));
  }
  void listen(Listener listener) {
    listeners_.push_back(Ear{host_, std::move(listener)});
    host_.check(table_->listen(table_->engine, host_.get(), &Jobs::hear, &listeners_.back()));
  }

  // Returns the id of the job.
  std::string submit(std::string_view type, std::unique_ptr<JobTask> task,
                     const JobOptions& options = {}) const {
    const Given given(options);
    auto held = std::make_unique<Held>(Held{host_, table_, std::move(task)});
    const hilum_job_task handed = functions(held.get());
    StringSink id;
    host_.check(
        table_->submit(table_->engine, host_.get(), to_text(type), &handed, &given.options, id.sink()));
    (void)held.release();
    return std::move(id.text());
  }
  // Submits and waits: the content of the job that has succeeded. Throws the error of one that has not.
  std::string run(std::string_view type, std::unique_ptr<JobTask> task,
                  const JobOptions& options = {}) const {
    const Given given(options);
    auto held = std::make_unique<Held>(Held{host_, table_, std::move(task)});
    const hilum_job_task handed = functions(held.get());
    StringSink content;
    int32_t taken = 0;
    const int32_t status = table_->run(table_->engine, host_.get(), to_text(type), &handed, &given.options,
                                       content.sink(), &taken);
    if (taken != 0) {
      (void)held.release();
    }
    host_.check(status);
    return std::move(content.text());
  }

  void pause(std::string_view id) const {
    host_.check(table_->pause(table_->engine, host_.get(), to_text(id)));
  }
  void cancel(std::string_view id) const {
    host_.check(table_->cancel(table_->engine, host_.get(), to_text(id)));
  }
  void resume(std::string_view id) const {
    host_.check(table_->resume(table_->engine, host_.get(), to_text(id)));
  }
  void resubmit(std::string_view id) const {
    host_.check(table_->resubmit(table_->engine, host_.get(), to_text(id)));
  }
  // visit(const hilum_job_info&); false if the job is not known (any more).
  template <typename Function>
  bool info(std::string_view id, Function&& visit) const {
    auto call = [](void* context, uint32_t, const hilum_job_info* job) {
      (*static_cast<std::remove_reference_t<Function>*>(context))(*job);
    };
    const int32_t status = table_->info(table_->engine, host_.get(), to_text(id), call, &visit);
    if (status == HILUM_E_INEXISTENT_ITEM) {
      return false;
    }
    host_.check(status);
    return true;
  }

 private:
  struct Type {
    const Jobs* jobs;
    Loader loader;
  };
  struct Ear {
    Host host;
    Listener listener;
  };
  // The options in the form of the C table; the texts are those of `from`.
  struct Given {
    explicit Given(const JobOptions& from) {
      for (const std::string& id : from.resources) {
        resources.push_back(to_text(id));
      }
      options.size = sizeof options;
      options.priority = from.priority;
      options.flags = from.flags;
      if (!from.content.empty()) {
        options.content = to_text(from.content);
      }
      if (from.user_data) {
        options.user_data = to_text(*from.user_data);
      }
      options.resources = resources.data();
      options.resource_count = resources.size();
    }
    std::vector<hilum_text> resources;
    hilum_job_options options{};
  };
  // The task with what its functions need at the boundary; made when the engine gets it, gone with `release`.
  struct Held {
    Host host;
    const hilum_jobs_draft* table;
    std::unique_ptr<JobTask> task;
  };

  static hilum_job_task functions(Held* held) {
    hilum_job_task task{};
    task.size = sizeof task;
    task.context = held;
    task.step = &Jobs::step;
    task.stop = &Jobs::stop;
    task.reset = &Jobs::reset;
    task.save = &Jobs::save;
    task.release = &Jobs::release;
    return task;
  }
  static int32_t step(void* context, hilum_job* job, uint32_t* outcome, uint64_t* retry_ms) {
    auto* held = static_cast<Held*>(context);
    return held->host.guard([&] {
      const JobStep next = held->task->step(Job(held->host, *held->table, job));
      *outcome = next.outcome;
      *retry_ms = next.delay.count() > 0 ? static_cast<uint64_t>(next.delay.count()) : 0;
    });
  }
  static void stop(void* context, uint32_t reason) {
    auto* held = static_cast<Held*>(context);
    (void)held->host.guard([&] { held->task->stop(static_cast<hilum_job_stop>(reason)); });
  }
  static int32_t reset(void* context) {
    auto* held = static_cast<Held*>(context);
    return held->host.guard([&] { held->task->reset(); });
  }
  static int32_t save(void* context, hilum_sink text) {
    auto* held = static_cast<Held*>(context);
    return held->host.guard([&] {
      if (const std::optional<std::string> saved = held->task->save()) {
        held->host.check(text.write(text.context, saved->data(), saved->size()));
      }
    });
  }
  static void release(void* context) {
    auto* held = static_cast<Held*>(context);
    (void)held->host.guard([&] { delete held; });
  }
  static int32_t load(void* context, hilum_text id, hilum_text text, hilum_job_task* task) {
    const auto* type = static_cast<const Type*>(context);
    return type->jobs->host_.guard([&] {
      std::unique_ptr<JobTask> made = type->loader(to_view(id), to_view(text));
      if (!made) {
        throw Error(HILUM_E_BAD_FORMAT, "what was saved of this job cannot be read");
      }
      auto held = std::make_unique<Held>(Held{type->jobs->host_, type->jobs->table_, std::move(made)});
      *task = functions(held.release());
    });
  }
  static void hear(void* context, uint32_t event, const hilum_job_info* job) {
    auto* ear = static_cast<Ear*>(context);
    (void)ear->host.guard([&] { ear->listener(static_cast<hilum_job_event>(event), *job); });
  }

  Host host_;
  const hilum_jobs_draft* table_;
  std::deque<Type> types_;  // addresses stay valid
  std::deque<Ear> listeners_;
};

}  // namespace hilum
