// What POST /modalities/{id}/store is asked to send.
#pragma once

#include <hilum/cpp/index.h>
#include <hilum/rest/job_answer.h>
#include <hilum/rest/named_resources.h>
#include <json/json.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::modalities {

// Where to, and under which name: what a body may say instead of the modality's definition.
struct Overrides {
  std::string local_aet;  // empty: none, as below
  std::string called_aet;
  std::string host;
  uint32_t port = 0;
  std::optional<uint32_t> timeout;  // seconds; 0: no limit
};
// `LocalAet` and `Timeout` of a body; with `destination`, also `CalledAet`, `Host` and `Port`. Throws HILUM_E_BAD_TYPE, for the
// time HILUM_E_BAD_FORMAT, and HILUM_E_OUT_OF_RANGE for the port.
Overrides read_overrides(const Json::Value& body, bool destination);

struct StoreRequest {
  std::string modality;
  std::string description = "REST API";
  Overrides overrides;
  bool permissive = false;
  bool commitment = false;
  std::string originator_aet;
  uint32_t originator_id = 0;
  std::vector<rest::NamedResource> resources;  // as they were named
  std::vector<std::string> instances;          // what they have below them, none twice
};

// All of the request but the instances, of a body as rest::read_resources_body() gives it. Throws HILUM_E_BAD_FORMAT, HILUM_E_BAD_TYPE and HILUM_E_OUT_OF_RANGE.
StoreRequest parse_store_request(const std::string& modality, const Json::Value& body);

// Fills levels and instances in. Throws HILUM_E_UNKNOWN_RESOURCE.
void find_instances(const Snapshot& snapshot, StoreRequest& request);

// For a job that is saved; the instances are part of it.
Json::Value to_json(const StoreRequest& request);
StoreRequest from_json(const Json::Value& saved);

}  // namespace hilum::modalities
