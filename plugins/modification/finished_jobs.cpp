#include "finished_jobs.h"

#include <vector>

namespace hilum::modification {

void FinishedJobs::note(Batch& batch, std::string_view job, std::string_view content) {
  constexpr std::chrono::minutes kSurelyNoted{1};
  const auto now = std::chrono::steady_clock::now();
  batch.put_record(kStore, key(job), content);
  const std::lock_guard<std::mutex> lock(mutex_);
  while (!noted_.empty() && now - noted_.front().first > kSurelyNoted) {
    batch.erase_record(kStore, noted_.front().second);
    noted_.pop_front();
  }
  noted_.emplace_back(now, key(job));
}

void FinishedJobs::sweep(const Jobs& jobs) {
  std::vector<Records::Change> gone;
  const std::string prefix = key({});
  records_.scan(prefix, [&](std::string_view name, std::string_view) {
    bool is_over = true;
    (void)jobs.info(name.substr(prefix.size()),
                    [&](const hilum_job_info& job) { is_over = job.state == HILUM_JOB_SUCCESS; });
    if (is_over) gone.emplace_back(std::string(name), std::nullopt);
  });
  if (!gone.empty()) records_.write(gone);
}

}  // namespace hilum::modification
