// POST /modalities/{id}/move and /get.
#include <hilum/rest/job_answer.h>

#include <memory>

#include "retrieve_task.h"
#include "routes.h"

namespace hilum::modalities {

namespace {

constexpr size_t kLongestBody = 64u << 20;

void retrieve(const Context& context, RetrieveMethod method, const Request& request, Answer& answer) {
  const Tools& tools = context.tools;
  const std::string modality = require_modality(tools, request);
  const Json::Value body = json_body(request, false, kLongestBody);
  RetrieveRequest retrieve =
      parse_retrieve_request(method, modality, body, tools.services.config.text("DicomAet"));
  const rest::JobArguments arguments = rest::read_job_arguments(body);
  const auto payload = std::make_shared<rest::ErrorPayload>();
  auto task = std::make_unique<RetrieveTask>(tools, std::move(retrieve), payload);
  JobOptions options;
  options.content = task->content();
  try {
    rest::answer_with_job(answer, context.jobs, RetrieveTask::type_of(method), std::move(task), arguments,
                          std::move(options));
  } catch (const Error& error) {
    rest::answer_error(tools.services.config, request, answer, error, payload->get());
  }
}

std::vector<RouteArgument> arguments_of(RetrieveMethod method) {
  std::vector<RouteArgument> arguments = {
      {HILUM_IN_BODY, "Level", "string", "Patient, Study, Series or Instance"},
      {HILUM_IN_BODY, "Resources", "array", "Objects with the identifiers of the level and those above it"},
      {HILUM_IN_BODY, "LocalAet", "string", "The title that the server uses"},
      {HILUM_IN_BODY, "Timeout", "integer", "Seconds to wait; 0: without limit"},
      {HILUM_IN_BODY, "Simplify", "boolean", "The answer has tags by their names"},
      {HILUM_IN_BODY, "Short", "boolean",
       "The answer has tags by their numbers, as without any of the three"},
      {HILUM_IN_BODY, "Full", "boolean", "The answer has tags with number, name and type"},
  };
  if (method == RetrieveMethod::kMove) {
    arguments.push_back({HILUM_IN_BODY, "TargetAet", "string", "Where to; the server itself if absent"});
  }
  for (RouteArgument& argument : rest::job_route_arguments()) arguments.push_back(std::move(argument));
  return arguments;
}

}  // namespace

void add_retrieve_routes(Routes& routes, const Context& context) {
  routes.add({HILUM_POST, "/modalities/{id}/move", "Has a DICOM system send resources (C-MOVE)",
              HILUM_ANSWER_JSON, HILUM_PERMISSION_EXPORT, arguments_of(RetrieveMethod::kMove)},
             [&context](Request& request, Answer& answer) {
               retrieve(context, RetrieveMethod::kMove, request, answer);
             });
  routes.add({HILUM_POST, "/modalities/{id}/get", "Fetches resources from a DICOM system (C-GET)",
              HILUM_ANSWER_JSON, HILUM_PERMISSION_STORE, arguments_of(RetrieveMethod::kGet), "1.12"},
             [&context](Request& request, Answer& answer) {
               retrieve(context, RetrieveMethod::kGet, request, answer);
             });
}

}  // namespace hilum::modalities
