// The routes of the plugin, by file.
#pragma once

#include <hilum/cpp/http.h>
#include <hilum/cpp/jobs.h>
#include <json/json.h>

#include "batch_task.h"

namespace hilum::modification {

// What handlers are given; lives as long as the routes.
struct Context {
  const Tools& tools;
  const Jobs& jobs;
};

void add_instance_routes(Routes& routes, const Context& context);  // instance_routes.cpp
void add_job_routes(Routes& routes, const Context& context);       // job_routes.cpp
void add_study_routes(Routes& routes, const Context& context);     // study_routes.cpp
void add_create_routes(Routes& routes, const Context& context);    // create.cpp

// The body as a JSON object; throws `code` for anything else.
Json::Value object_body(const Request& request, int32_t code, size_t limit);
inline constexpr size_t kLongestBody = 64u << 20;

// The name of the next anonymized patient: a number that nobody else gets, also after a restart.
std::string next_patient_name(const Tools& tools);

// What modify and anonymize read from a body, for the route's documentation.
std::vector<RouteArgument> modify_arguments();
std::vector<RouteArgument> anonymize_arguments();

}  // namespace hilum::modification
