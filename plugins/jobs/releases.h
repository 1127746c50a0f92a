// Tasks that no job has any more.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine.h"
#include "unlocked.h"

namespace hilum::jobs {

// Releases what it has taken at its end, without the lock. Their owners' withdrawal waits for that. On the stack of the thread
// that holds the lock.
class Engine::Releases {
 public:
  Releases(Engine& engine, Lock& lock) : engine_(engine), lock_(lock) {}
  ~Releases() {
    if (tasks_.empty()) {
      return;
    }
    {
      const Unlocked unlocked(lock_);
      for (auto& [owner, task] : tasks_) {
        task.reset();
      }
    }
    for (const auto& [owner, task] : tasks_) {
      engine_.releasing_.erase(engine_.releasing_.find(owner));
    }
    engine_.idle_.notify_all();
  }
  Releases(const Releases&) = delete;
  Releases& operator=(const Releases&) = delete;

  void take(Job& job) {
    if (job.task) {
      engine_.releasing_.insert(job.owner);
      tasks_.emplace_back(job.owner, std::move(job.task));
    }
  }

 private:
  Engine& engine_;
  Lock& lock_;
  std::vector<std::pair<Owner, std::unique_ptr<Task>>> tasks_;
};

}  // namespace hilum::jobs
