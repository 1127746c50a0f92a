// Plugins that want to hear of jobs.
#pragma once

#include <hilum/draft/jobs.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "job.h"

namespace hilum::jobs {

// Calls listeners on one thread, which starts with the first of them. Any thread; add() only before events come.
class Listeners {
 public:
  // `lost` is told once when events are lost.
  explicit Listeners(std::function<void()> lost) : lost_(std::move(lost)) {}
  ~Listeners() { stop(); }
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  void add(Owner owner, hilum_on_job on_job, void* context);
  // Returns when none of the owner's listeners runs any more and none will. Not from a listener.
  void remove(Owner owner);
  void tell(hilum_job_event event, const JobFacts& facts);  // never waits
  void stop();                                              // what is queued is told before

 private:
  static constexpr size_t kQueueLimit = 10000;
  struct Entry {
    Owner owner;
    hilum_on_job on_job;
    void* context;
  };
  void run();

  std::function<void()> lost_;
  std::mutex mutex_;
  std::condition_variable queued_, idle_;
  std::vector<Entry> entries_;
  std::deque<std::pair<hilum_job_event, JobFacts>> queue_;
  Owner calling_ = nullptr;  // whose listener runs
  bool ends_ = false, has_lost_ = false;
  std::thread thread_;
};

// The facts in the form of the C table; texts are those of `facts`.
hilum_job_info info_of(const JobFacts& facts);

}  // namespace hilum::jobs
