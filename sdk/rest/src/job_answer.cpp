#include <hilum/cpp/error.h>
#include <hilum/dicom/json_writer.h>
#include <hilum/rest/job_answer.h>
#include <hilum/rest/styled_json.h>

#include <utility>

namespace hilum::rest {

bool boolean_field(const Json::Value& body, const char* name, bool otherwise) {
  if (!body.isObject() || !body.isMember(name)) {
    return otherwise;
  }
  const Json::Value& value = body[name];
  if (!value.isBool()) {
    throw Error(HILUM_E_BAD_FORMAT, std::string("Boolean value expected in field: ") + name);
  }
  return value.asBool();
}

JobArguments read_job_arguments(const Json::Value& body, bool synchronous_by_default) {
  JobArguments arguments;
  arguments.synchronous = synchronous_by_default;
  if (!body.isObject()) {
    return arguments;
  }
  // Both are read: the type of one is not excused by the other.
  const bool asynchronous = boolean_field(body, "Asynchronous", !synchronous_by_default);
  arguments.synchronous = boolean_field(body, "Synchronous", !asynchronous);
  arguments.permissive = boolean_field(body, "Permissive", false);
  if (body.isMember("Priority")) {
    if (!body["Priority"].isInt()) {
      throw Error(HILUM_E_BAD_FORMAT, "Integer value expected in field: Priority");
    }
    arguments.priority = body["Priority"].asInt();
  }
  if (body.isMember("UserData")) {
    if (is_deeper_than(body["UserData"], kDeepestUserData)) {
      throw Error(HILUM_E_BAD_FORMAT,
                  "UserData is nested more than " + std::to_string(kDeepestUserData) + " levels deep");
    }
    arguments.user_data = compact(body["UserData"]);
  }
  return arguments;
}

std::vector<RouteArgument> job_route_arguments(bool permissive) {
  std::vector<RouteArgument> rows = {
      {HILUM_IN_BODY, "Synchronous", "boolean", "Wait for the end of the job, and answer with its content"},
      {HILUM_IN_BODY, "Asynchronous", "boolean",
       "Answer at once with the id of the job (if Synchronous is absent)"},
      {HILUM_IN_BODY, "Priority", "integer", "Jobs of higher numbers run first; 0 if absent"},
      {HILUM_IN_BODY, "UserData", "object", "Any JSON: kept in the job"}};
  if (permissive) {
    rows.push_back({HILUM_IN_BODY, "Permissive", "boolean", "Go on after failures of single instances"});
  }
  return rows;
}

void answer_with_job(Answer& answer, const Jobs& jobs, std::string_view type, std::unique_ptr<JobTask> task,
                     const JobArguments& arguments, JobOptions options) {
  options.priority = arguments.priority;
  options.user_data = arguments.user_data;
  if (arguments.synchronous) {
    answer.json(jobs.run(type, std::move(task), options));
    return;
  }
  const std::string id = jobs.submit(type, std::move(task), options);
  std::string text;
  dicom::JsonWriter json(text);
  json.begin_object();
  json.member("ID", id);
  json.member("Path", "/jobs/" + id);
  json.end_object();
  answer.json(text);
}

}  // namespace hilum::rest
