// POST /studies/{id}/split and /studies/{id}/merge.
#include <hilum/rest/job_answer.h>
#include <hilum/rest/json_body.h>

#include "routes.h"
#include "study_tasks.h"

namespace hilum::modification {

namespace {

constexpr size_t kLongestList = 16u << 20;

BatchTask::Options options_of(const Json::Value& body, const rest::JobArguments& arguments,
                              const Request& request) {
  BatchTask::Options options;
  options.keep_source = rest::boolean_field(body, "KeepSource", false);
  options.permissive = arguments.permissive;
  options.asker = Asker::of(request);
  return options;
}

template <typename Task>
void run(const Context& context, std::unique_ptr<Task> task, const rest::JobArguments& arguments,
         Answer& answer, std::vector<std::string> resources) {
  JobOptions job;
  job.resources = std::move(resources);
  job.content = task->initial_content(context.tools.services.index.snapshot());
  rest::answer_with_job(answer, context.jobs, Task::kType, std::move(task), arguments, std::move(job));
}

void split(const Context& context, const Request& request, Answer& answer) {
  const Json::Value body = object_body(request, HILUM_E_BAD_FORMAT, kLongestList);
  const rest::JobArguments arguments = rest::read_job_arguments(body);
  const auto list = [&](const char* name) {
    return body.isMember(name) ? resource_list(body, name) : std::vector<std::string>();
  };
  SplitTask::SplitRequest split;
  split.study = request.parameter("id");
  split.series = list("Series");
  split.instances = list("Instances");
  split.seed = Identifiers::random_seed();
  for (const char* name : {"Replace", "Remove", "KeepLabels"}) {
    if (body.isMember(name)) split.body[name] = body[name];
  }
  if (split.body.isNull()) split.body = Json::Value(Json::objectValue);
  if (!context.tools.services.index.snapshot().find(split.study, HILUM_STUDY)) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE, "Cannot split unknown study " + split.study.substr(0, 64));
  }
  if (split.series.empty() && split.instances.empty()) {
    throw Error(HILUM_E_BAD_REQUEST, "Both the \"Series\" and the \"Instances\" fields are missing");
  }
  const std::string study = split.study;
  run(context,
      std::make_unique<SplitTask>(context.tools, options_of(body, arguments, request), std::move(split)),
      arguments, answer, {study});
}

void merge(const Context& context, const Request& request, Answer& answer) {
  const Json::Value body = object_body(request, HILUM_E_BAD_FORMAT, kLongestList);
  const rest::JobArguments arguments = rest::read_job_arguments(body);
  MergeTask::MergeRequest merge;
  merge.study = request.parameter("id");
  merge.resources = resource_list(body, "Resources");
  merge.keep_labels = boolean_member(body, "KeepLabels", false);
  merge.seed = Identifiers::random_seed();
  std::vector<std::string> resources = merge.resources;
  resources.push_back(merge.study);
  run(context,
      std::make_unique<MergeTask>(context.tools, options_of(body, arguments, request), std::move(merge)),
      arguments, answer, std::move(resources));
}

}  // namespace

void add_study_routes(Routes& routes, const Context& context) {
  const auto with_jobs = [](std::vector<RouteArgument> list) {
    list.push_back({HILUM_IN_BODY, "KeepSource", "boolean", "True leaves the sources where they are"});
    list.push_back({HILUM_IN_BODY, "KeepLabels", "boolean", "Copies the labels of instances and series"});
    for (RouteArgument& argument : rest::job_route_arguments()) list.push_back(std::move(argument));
    return list;
  };
  routes.add(
      {HILUM_POST, "/studies/{id}/split", "Study: moves series and instances into a new study",
       HILUM_ANSWER_JSON, HILUM_PERMISSION_EDIT,
       with_jobs({{HILUM_IN_BODY, "Series", "array", "Ids of series of the study"},
                  {HILUM_IN_BODY, "Instances", "array", "Ids of instances of the study"},
                  {HILUM_IN_BODY, "Replace", "object", "Values by tag of the patient and study modules"},
                  {HILUM_IN_BODY, "Remove", "array", "Tags of the patient and study modules"}})},
      [&context](Request& request, Answer& answer) { split(context, request, answer); });
  routes.add({HILUM_POST, "/studies/{id}/merge", "Study: moves studies, series and instances into it",
              HILUM_ANSWER_JSON, HILUM_PERMISSION_EDIT,
              with_jobs({{HILUM_IN_BODY, "Resources", "array", "Ids of studies, series and instances"}})},
             [&context](Request& request, Answer& answer) { merge(context, request, answer); });
}

}  // namespace hilum::modification
