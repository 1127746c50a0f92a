// What all routes have in common whose work is a job: arguments in the body, and the two forms of answers.
#pragma once

#include <hilum/cpp/http.h>
#include <hilum/cpp/jobs.h>
#include <json/json.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::rest {

// Arrays and objects inside each other in what a job shows: it is indented, which costs the more the deeper it is.
constexpr size_t kDeepestUserData = 64;

// The arguments of a body that routes with jobs share.
struct JobArguments {
  bool synchronous = true;  // wait for the end
  bool permissive = false;  // go on after single failures
  int32_t priority = 0;
  std::optional<std::string> user_data;  // JSON text
};

// Reads `Synchronous` (which wins), `Asynchronous`, `Priority`, `Permissive` and `UserData`. A body that is no object has none of them.
// Throws HILUM_E_BAD_FORMAT, naming the field, for wrong types, and for user data that is nested too deeply.
JobArguments read_job_arguments(const Json::Value& body, bool synchronous_by_default = true);

// A boolean of a body, `otherwise` if absent. Throws HILUM_E_BAD_FORMAT, naming the field.
bool boolean_field(const Json::Value& body, const char* name, bool otherwise);

// The same arguments as rows for a route's documentation. `permissive`: whether the route heeds that one.
std::vector<RouteArgument> job_route_arguments(bool permissive = true);

// Gives the task to the engine, and answers: asynchronous, with `ID` and `Path` of the job at once; synchronous, with the job's
// content once it has succeeded, else the job's error is thrown. `options` says content and resources; the
// priority and the user data are those of `arguments`.
void answer_with_job(Answer& answer, const Jobs& jobs, std::string_view type, std::unique_ptr<JobTask> task,
                     const JobArguments& arguments, JobOptions options);

}  // namespace hilum::rest
