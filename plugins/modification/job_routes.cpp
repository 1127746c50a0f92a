// POST /{patients,studies,series}/{id}/modify and /anonymize, /tools/bulk-modify, /tools/bulk-anonymize.
#include <hilum/rest/job_answer.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/level.h>

#include "modify_task.h"
#include "routes.h"

namespace hilum::modification {

namespace {

void run(const Context& context, ModifyRequest modify, const Request& request, Answer& answer) {
  const rest::JobArguments arguments = rest::read_job_arguments(modify.body);
  BatchTask::Options options;
  options.keep_source = rest::boolean_field(modify.body, "KeepSource", true);
  options.permissive = arguments.permissive;
  options.asker = Asker::of(request);
  modify.body.removeMember("Resources");
  modify.seed = Identifiers::random_seed();
  JobOptions job;
  job.resources = modify.resources;
  const Rules rules =
      parse_rules(modify.body, modify.kind, context.tools.services.config.text("DefaultPrivateCreator"));
  {
    // Everything must be there before a number is taken.
    const Snapshot snapshot = context.tools.services.index.snapshot();
    for (const std::string& id : modify.resources) (void)rest::require(snapshot, id);
  }
  if (rules.needs_name()) modify.patient_name = next_patient_name(context.tools);
  auto task = std::make_unique<ModifyTask>(context.tools, options, std::move(modify));
  job.content = task->initial_content(context.tools.services.index.snapshot());
  rest::answer_with_job(answer, context.jobs, ModifyTask::kType, std::move(task), arguments, std::move(job));
}

void change_one(const Context& context, Kind kind, hilum_level level, const Request& request,
                Answer& answer) {
  ModifyRequest modify;
  modify.kind = kind;
  modify.level = level;
  modify.body = object_body(request, HILUM_E_BAD_FORMAT, kLongestBody);
  modify.resources.emplace_back(request.parameter("id"));
  run(context, std::move(modify), request, answer);
}

void change_many(const Context& context, Kind kind, const Request& request, Answer& answer) {
  ModifyRequest modify;
  modify.kind = kind;
  modify.is_bulk = true;
  modify.body = object_body(request, HILUM_E_BAD_FORMAT, kLongestBody);
  modify.resources = resource_list(modify.body, "Resources");
  if (kind == Kind::Modify && modify.body.isMember("Level")) modify.level = parse_level(modify.body["Level"]);
  run(context, std::move(modify), request, answer);
}

// What both take besides their own.
std::vector<RouteArgument> with_common(std::vector<RouteArgument> own) {
  own.insert(own.end(),
             {
                 {HILUM_IN_BODY, "Force", "boolean",
                  "Allows to name PatientID and the UIDs of study, series and instance"},
                 {HILUM_IN_BODY, "PrivateCreator", "string", "Whose private tags the request names"},
                 {HILUM_IN_BODY, "Transcode", "string", "UID of the transfer syntax of the result"},
                 {HILUM_IN_BODY, "LossyQuality", "integer", "1 to 100, for lossy transfer syntaxes"},
             });
  return own;
}

}  // namespace

std::vector<RouteArgument> modify_arguments() {
  return with_common({
      {HILUM_IN_BODY, "Replace", "object",
       "Values by tag, or by path into sequences: SEQUENCE[0].TAG, SEQUENCE[*].TAG"},
      {HILUM_IN_BODY, "Remove", "array", "Tags and paths to remove"},
      {HILUM_IN_BODY, "Keep", "array", "Identifiers that are not to be renewed"},
      {HILUM_IN_BODY, "RemovePrivateTags", "boolean", "Removes the private tags of the top level"},
  });
}

std::vector<RouteArgument> anonymize_arguments() {
  return with_common({
      {HILUM_IN_BODY, "DicomVersion", "string", "Edition of the profile: 2008, 2017c, 2021b or 2023b"},
      {HILUM_IN_BODY, "Replace", "object", "Values by tag, or by path into sequences"},
      {HILUM_IN_BODY, "Remove", "array", "Tags and paths to remove"},
      {HILUM_IN_BODY, "Keep", "array", "Tags and paths that the profile leaves alone, with all below them"},
      {HILUM_IN_BODY, "KeepPrivateTags", "boolean", "Leaves private tags where they are"},
  });
}

void add_job_routes(Routes& routes, const Context& context) {
  const auto arguments = [](Kind kind, bool bulk) {
    std::vector<RouteArgument> list = kind == Kind::Modify ? modify_arguments() : anonymize_arguments();
    list.push_back({HILUM_IN_BODY, "KeepSource", "boolean", "False removes the sources"});
    list.push_back({HILUM_IN_BODY, "KeepLabels", "boolean", "Copies the labels of the sources"});
    if (bulk)
      list.push_back({HILUM_IN_BODY, "Resources", "array", "Ids of patients, studies, series and instances"});
    if (bulk && kind == Kind::Modify) {
      list.push_back(
          {HILUM_IN_BODY, "Level", "string", "Patient, Study, Series or Instance: what is renewed"});
    }
    for (RouteArgument& argument : rest::job_route_arguments()) list.push_back(std::move(argument));
    return list;
  };
  for (const Kind kind : {Kind::Modify, Kind::Anonymize}) {
    const std::string verb = kind == Kind::Modify ? "modify" : "anonymize";
    for (const hilum_level level : {HILUM_PATIENT, HILUM_STUDY, HILUM_SERIES}) {
      const rest::LevelInfo& info = rest::level_info(level);
      routes.add({HILUM_POST, std::string("/") + info.plural + "/{id}/" + verb,
                  std::string(info.name) + ": stores " +
                      (kind == Kind::Modify ? "a changed" : "an anonymized") + " copy",
                  HILUM_ANSWER_JSON, HILUM_PERMISSION_EDIT, arguments(kind, false)},
                 [&context, kind, level](Request& request, Answer& answer) {
                   change_one(context, kind, level, request, answer);
                 });
    }
    routes.add(
        {HILUM_POST, "/tools/bulk-" + verb,
         kind == Kind::Modify ? "Stores changed copies of resources"
                              : "Stores anonymized copies of resources",
         HILUM_ANSWER_JSON, HILUM_PERMISSION_EDIT, arguments(kind, true), "1.12"},
        [&context, kind](Request& request, Answer& answer) { change_many(context, kind, request, answer); });
  }
}

}  // namespace hilum::modification
