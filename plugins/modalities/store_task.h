// The job DicomModalityStore: instances go to another system by C-STORE.
#pragma once

#include <hilum/rest/error_payload.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools.h"

namespace hilum::modalities {

// Owned by the job engine. One instance after the other over one association; what was sent stays sent, also when the job is
// paused or the server restarted.
class StoreTask : public JobTask {
 public:
  static constexpr const char* kType = "DicomModalityStore";

  // `payload` is told why the job has failed.
  StoreTask(const Tools& tools, StoreRequest request, std::shared_ptr<rest::ErrorPayload> payload);
  // Null if the text is none of save().
  static std::unique_ptr<JobTask> load(const Tools& tools, std::string_view saved);

  std::string content() const;

  JobStep step(const Job& job) override;
  void stop(hilum_job_stop reason) override;
  void reset() override;
  std::optional<std::string> save() override;

 private:
  void send_some(const Job& job);
  void send_next(const Job& job);
  void ask_for_commitment(const Job& job);
  void show(const Job& job);
  void announce();

  const Tools& tools_;
  const StoreRequest request_;
  const std::shared_ptr<rest::ErrorPayload> payload_;
  std::string local_aet_, remote_aet_;  // as resolved
  size_t next_ = 0;
  uint64_t failed_ = 0;
  bool wants_stop_ = false;       // somebody asked while an instance was on its way
  const Job* running_ = nullptr;  // during a step
  std::optional<ScuSender> sender_;
  size_t announced_ = 0;
  std::vector<SopPair> sent_;  // for the commitment, if it is wanted
  std::string transaction_uid_;
  std::optional<uint64_t> shown_failed_;  // what the job shows
  std::string shown_transaction_uid_;
};

// The title that the server uses and the title that it calls.
void resolve_titles(const Tools& tools, const std::string& modality, const Overrides& overrides,
                    std::string& local_aet, std::string& remote_aet);

}  // namespace hilum::modalities
