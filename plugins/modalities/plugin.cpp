// The entry of the plugin.
#include <hilum/all.h>
#include <hilum/cpp/plugin.h>
#include <hilum/version.h>

#include "background.h"
#include "retrieve_task.h"
#include "routes.h"
#include "store_task.h"

namespace hilum::modalities {

// Made when the server starts, destroyed when it stops. Handlers and tasks only read it.
class Plugin {
 public:
  static constexpr const char* kRequired[] = {
      HILUM_HTTP_V1,         HILUM_INDEX_V1,         HILUM_ATTACHMENTS_V1,
      HILUM_CONFIG_V1,       HILUM_LOG_V1,           HILUM_CHANGES_V1,
      HILUM_FILTERS_V1,      HILUM_QUERY_DRAFT,      HILUM_JOBS_DRAFT,
      HILUM_SERVER_DRAFT,    HILUM_MODALITIES_DRAFT, HILUM_SCU_DRAFT,
      HILUM_MOVE_JOBS_DRAFT, HILUM_COMMITMENT_DRAFT, nullptr};

  explicit Plugin(Host host)
      : tools_(host),
        move_jobs_(host),
        commitment_(host),
        jobs_(host),
        context_{tools_, jobs_},
        routes_(host) {
    add_job_types();
    move_jobs_.provide([this](const hilum_move_job& move) { start_move(tools_, jobs_, move); });
    commitment_.provide([this](const hilum_commitment_request& request) { start_commitment(request); });
    commitment_.listen(
        [this](const hilum_commitment_report& report) { return tools_.commitments.take(report); });
    add_registry_routes(routes_, context_);
    add_echo_routes(routes_, context_);
    add_find_routes(routes_, context_);
    add_store_routes(routes_, context_);
    add_retrieve_routes(routes_, context_);
    add_commitment_routes(routes_, context_);
  }

 private:
  void add_job_types() {
    jobs_.add_type(StoreTask::kType, [this](std::string_view, std::string_view saved) {
      return StoreTask::load(tools_, saved);
    });
    for (const RetrieveMethod method : {RetrieveMethod::kMove, RetrieveMethod::kGet}) {
      jobs_.add_type(RetrieveTask::type_of(method), [this](std::string_view, std::string_view saved) {
        return RetrieveTask::load(tools_, saved);
      });
    }
    jobs_.add_type(CommitmentTask::kType, [this](std::string_view, std::string_view saved) {
      return CommitmentTask::load(commitment_, saved);
    });
  }

  void start_commitment(const hilum_commitment_request& request) {
    auto task = std::make_unique<CommitmentTask>(commitment_, CommitmentRequest::copy(request));
    JobOptions options;
    options.content = task->content();
    (void)jobs_.submit(CommitmentTask::kType, std::move(task), options);
  }

  const Tools tools_;
  MoveJobs move_jobs_;
  Commitment commitment_;
  Jobs jobs_;
  const Context context_;
  Routes routes_;
};

}  // namespace hilum::modalities

HILUM_PLUGIN(hilum::modalities::Plugin, "modalities", HILUM_VERSION,
             "Other DICOM systems: registry, echo, sending, fetching, storage commitment")
