// The entry of the plugin.
#include <hilum/all.h>
#include <hilum/cpp/plugin.h>
#include <hilum/rest/json_body.h>
#include <hilum/version.h>

#include "modify_task.h"
#include "routes.h"
#include "study_tasks.h"

namespace hilum::modification {

Json::Value object_body(const Request& request, int32_t code, size_t limit) {
  std::optional<Json::Value> value = rest::parse_json(request.body(limit));
  if (!value || !value->isObject()) throw Error(code, "The body must contain a JSON object");
  return std::move(*value);
}

std::string next_patient_name(const Tools& tools) {
  return "Anonymized" + std::to_string(tools.records.add("anonymized-patients"));
}

// Made when the server starts, destroyed when it stops. Handlers and tasks only read it.
class Plugin {
 public:
  static constexpr const char* kRequired[] = {HILUM_HTTP_V1,        HILUM_INDEX_V1,       HILUM_INGEST_V1,
                                              HILUM_ATTACHMENTS_V1, HILUM_CONFIG_V1,      HILUM_LOG_V1,
                                              HILUM_BATCHES_DRAFT,  HILUM_RECORDS_DRAFT,  HILUM_JOBS_DRAFT,
                                              HILUM_DECODERS_DRAFT, HILUM_ENCODERS_DRAFT, nullptr};

  explicit Plugin(Host host) : tools_(host), jobs_(host), context_{tools_, jobs_}, routes_(host) {
    add_type<ModifyTask>();
    add_type<SplitTask>();
    add_type<MergeTask>();
    tools_.finished.sweep(jobs_);
    add_instance_routes(routes_, context_);
    add_job_routes(routes_, context_);
    add_study_routes(routes_, context_);
    add_create_routes(routes_, context_);
  }

 private:
  template <typename Task>
  void add_type() {
    jobs_.add_type(Task::kType,
                   [this](std::string_view, std::string_view saved) { return Task::load(tools_, saved); });
  }

  const Tools tools_;
  Jobs jobs_;
  const Context context_;
  Routes routes_;
};

}  // namespace hilum::modification

HILUM_PLUGIN(hilum::modification::Plugin, "modification", HILUM_VERSION,
             "Modified, anonymized, split, merged and new instances")
