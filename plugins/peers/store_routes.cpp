// /peers/{id}/store, /peers/{id}/store-straight
#include <hilum/dicom/transcode.h>
#include <hilum/rest/job_answer.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/styled_json.h>

#include "routes.h"
#include "store_task.h"

namespace hilum::peers {

namespace {

constexpr size_t kLongestBody = 32u << 20;  // 500,000 ids

void read_options(const Json::Value& body, const Config& config, SendOptions& options) {
  options.lossy_quality = static_cast<int>(config.integer("DicomLossyTranscodingQuality"));
  if (!body.isObject()) return;
  options.compress = rest::boolean_field(body, "Compress", false);
  if (!body.isMember("Transcode")) return;
  if (!body["Transcode"].isString())
    throw Error(HILUM_E_BAD_FORMAT, "String value expected in field: Transcode");
  options.transcode = body["Transcode"].asString();
  if (!dicom::is_registered_transfer_syntax(options.transcode)) {
    throw Error(HILUM_E_BAD_FORMAT, "Unknown transfer syntax UID: " + options.transcode.substr(0, 64));
  }
}

void store(const Tools& tools, const Jobs& jobs, size_t connections, const Request& request, Answer& answer) {
  const Json::Value body = rest::read_resources_body(request.body(kLongestBody));
  const std::vector<std::string> ids = rest::named_ids(body);
  const rest::JobArguments arguments = rest::read_job_arguments(body);
  StoreRequest store;
  store.peer = tools.registry.get(request.parameter("id")).name;
  store.permissive = arguments.permissive;
  read_options(body, tools.services.config, store.options);
  rest::FoundResources found = rest::find_named(tools.services.index.snapshot(), ids);
  store.resources = std::move(found.resources);
  for (const std::string& id : ids) (void)tools.changes.log_export(id, store.peer);
  JobOptions job;
  job.resources = ids;
  auto task = std::make_unique<StoreTask>(tools, connections, std::move(store), std::move(found.instances));
  job.content = task->content();
  rest::answer_with_job(answer, jobs, StoreTask::kType, std::move(task), arguments, std::move(job));
}

void store_straight(const Tools& tools, const Request& request, Answer& answer) {
  const Peer peer = tools.registry.get(request.parameter("id"));
  const rest::DirectCalls::Call direct(tools.direct_calls);
  http_client::Client client(tools.http, tools.log);
  const http_client::Body body{request.body_size(), [&request](uint64_t offset, void* to, size_t count) {
                                 return request.read_body(offset, to, count);
                               }};
  const http_client::Response response = post_instance(client, peer, body, false, direct.is_cancelled());
  const std::optional<Json::Value> json = rest::parse_json(response.body);
  if (!json) throw Error(HILUM_E_NETWORK, "peer " + peer.name + " has not answered with JSON");
  answer.json(rest::styled(*json, kLongestBody));
}

std::vector<RouteArgument> store_arguments() {
  std::vector<RouteArgument> list = {
      {HILUM_IN_BODY, "Resources", "array",
       "Ids of any level; the body may be this list alone, or one id as plain text"},
      {HILUM_IN_BODY, "Compress", "boolean", "Compresses what is sent with gzip"},
      {HILUM_IN_BODY, "Transcode", "string",
       "UID of a transfer syntax; files that cannot have it go as they are"}};
  for (RouteArgument& argument : rest::job_route_arguments()) list.push_back(std::move(argument));
  return list;
}

}  // namespace

void add_store_routes(Routes& routes, const Tools& tools, const Jobs& jobs, size_t connections) {
  routes.add({HILUM_POST, "/peers/{id}/store", "Sends resources to a peer", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_EXPORT, store_arguments()},
             [&tools, &jobs, connections](Request& request, Answer& answer) {
               store(tools, jobs, connections, request, answer);
             });
  routes.add({HILUM_POST,
              "/peers/{id}/store-straight",
              "Sends the DICOM file in the body to a peer",
              HILUM_ANSWER_JSON,
              HILUM_PERMISSION_EXPORT,
              {{HILUM_IN_BODY, "", "binary", "A DICOM file"}}},
             [&tools](Request& request, Answer& answer) { store_straight(tools, request, answer); });
}

}  // namespace hilum::peers
