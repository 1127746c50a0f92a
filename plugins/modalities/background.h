// What the DICOM server hands to jobs: instances that a C-MOVE has asked for, and answers to storage commitment.
#pragma once

#include <hilum/cpp/commitment.h>
#include <hilum/cpp/jobs.h>
#include <hilum/cpp/move_jobs.h>

#include <memory>
#include <optional>
#include <string>

#include "tools.h"

namespace hilum::modalities {

// Submits the job DicomModalityStore of a C-MOVE.
void start_move(const Tools& tools, const Jobs& jobs, const hilum_move_job& move);

// The job StorageCommitmentScp: looks up what is stored, and reports over an association of its own. Owned by the job engine.
class CommitmentTask : public JobTask {
 public:
  static constexpr const char* kType = "StorageCommitmentScp";

  CommitmentTask(const Commitment& commitment, CommitmentRequest request)
      : commitment_(commitment), request_(std::move(request)) {}
  static std::unique_ptr<JobTask> load(const Commitment& commitment, std::string_view saved);

  std::string content() const;
  JobStep step(const Job& job) override;
  std::optional<std::string> save() override;

 private:
  const Commitment& commitment_;
  const CommitmentRequest request_;
};

}  // namespace hilum::modalities
