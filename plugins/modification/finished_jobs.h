// Records of jobs whose results are stored, until the job engine has surely noted that they are done.
#pragma once

#include <hilum/cpp/batch.h>
#include <hilum/cpp/jobs.h>
#include <hilum/cpp/records.h>

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace hilum::modification {

// A record is part of the job's commit: a job that a crash has cut off between its commit and the engine's own record is
// found to be complete when it is run again. Records are erased a minute later, together with the commit of another job,
// or when the server starts. Usable from every thread.
class FinishedJobs {
 public:
  explicit FinishedJobs(const Records& records) : records_(records) {}

  static constexpr const char* kStore = "modification";

  // The content of the job if it is complete.
  std::optional<std::string> find(std::string_view job) const { return records_.get(key(job)); }
  // Puts the record into the job's batch, and erases old ones.
  void note(Batch& batch, std::string_view job, std::string_view content);
  // Erases the records of jobs that the engine does not run any more. Once, when the plugin starts.
  void sweep(const Jobs& jobs);

 private:
  static std::string key(std::string_view job) { return "done/" + std::string(job); }

  const Records& records_;
  std::mutex mutex_;
  std::deque<std::pair<std::chrono::steady_clock::time_point, std::string>> noted_;
};

}  // namespace hilum::modification
