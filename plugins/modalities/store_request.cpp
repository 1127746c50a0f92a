#include "store_request.h"

#include <hilum/cpp/error.h>
#include <hilum/rest/remote_query.h>

namespace hilum::modalities {

namespace {

constexpr uint32_t kHighestPort = 65534;
constexpr uint32_t kHighestMessageId = 65535;

uint32_t number_field(const Json::Value& body, const char* name, uint32_t highest) {
  if (!body.isMember(name)) return 0;
  if (!body[name].isInt() && !body[name].isUInt()) {
    throw Error(HILUM_E_BAD_TYPE, std::string("Integer expected in field: ") + name);
  }
  if (!body[name].isUInt() || body[name].asUInt() > highest) {
    throw Error(HILUM_E_OUT_OF_RANGE,
                std::string("Integer from 0 to ") + std::to_string(highest) + " expected in field: " + name);
  }
  return body[name].asUInt();
}

bool commitment_field(const Json::Value& body) {
  constexpr const char* kName = "StorageCommitment";
  if (body.isMember(kName) && !body[kName].isBool()) {
    throw Error(HILUM_E_BAD_TYPE, std::string("Boolean value expected in field: ") + kName);
  }
  return body.isMember(kName) && body[kName].asBool();
}

}  // namespace

Overrides read_overrides(const Json::Value& body, bool destination) {
  Overrides overrides;
  if (!body.isObject()) return overrides;
  overrides.local_aet = rest::text_field(body, "LocalAet").value_or("");
  overrides.timeout = rest::seconds_field(body, "Timeout");
  if (!destination) return overrides;
  overrides.called_aet = rest::text_field(body, "CalledAet").value_or("");
  overrides.host = rest::text_field(body, "Host").value_or("");
  overrides.port = number_field(body, "Port", kHighestPort);
  return overrides;
}

StoreRequest parse_store_request(const std::string& modality, const Json::Value& body) {
  StoreRequest request;
  request.modality = modality;
  for (const std::string& id : rest::named_ids(body)) request.resources.push_back({id, 0});
  if (body.isObject()) {
    request.overrides = read_overrides(body, true);
    request.permissive = rest::boolean_field(body, "Permissive", false);
    request.commitment = commitment_field(body);
    request.originator_id = number_field(body, "MoveOriginatorID", kHighestMessageId);
    request.originator_aet = rest::text_field(body, "MoveOriginatorAet").value_or("");
  }
  return request;
}

void find_instances(const Snapshot& snapshot, StoreRequest& request) {
  std::vector<std::string> ids;
  for (const rest::NamedResource& named : request.resources) ids.push_back(named.id);
  rest::FoundResources found = rest::find_named(snapshot, ids);
  request.resources = std::move(found.resources);
  request.instances.clear();
  for (const dicom::PublicId& id : found.instances) request.instances.push_back(id.to_string());
}

Json::Value to_json(const StoreRequest& request) {
  Json::Value saved(Json::objectValue);
  saved["Modality"] = request.modality;
  saved["Description"] = request.description;
  saved["LocalAet"] = request.overrides.local_aet;
  saved["CalledAet"] = request.overrides.called_aet;
  saved["Host"] = request.overrides.host;
  saved["Port"] = request.overrides.port;
  if (request.overrides.timeout) saved["Timeout"] = *request.overrides.timeout;
  saved["Permissive"] = request.permissive;
  saved["StorageCommitment"] = request.commitment;
  saved["MoveOriginatorAet"] = request.originator_aet;
  saved["MoveOriginatorID"] = request.originator_id;
  saved["Resources"] = Json::arrayValue;
  for (const rest::NamedResource& named : request.resources) {
    Json::Value item(Json::arrayValue);
    item.append(named.id);
    item.append(named.level);
    saved["Resources"].append(std::move(item));
  }
  saved["Instances"] = Json::arrayValue;
  for (const std::string& id : request.instances) saved["Instances"].append(id);
  return saved;
}

StoreRequest from_json(const Json::Value& saved) {
  StoreRequest request;
  request.modality = saved["Modality"].asString();
  request.description = saved["Description"].asString();
  request.overrides.local_aet = saved["LocalAet"].asString();
  request.overrides.called_aet = saved["CalledAet"].asString();
  request.overrides.host = saved["Host"].asString();
  request.overrides.port = saved["Port"].asUInt();
  if (saved.isMember("Timeout")) request.overrides.timeout = saved["Timeout"].asUInt();
  request.permissive = saved["Permissive"].asBool();
  request.commitment = saved["StorageCommitment"].asBool();
  request.originator_aet = saved["MoveOriginatorAet"].asString();
  request.originator_id = saved["MoveOriginatorID"].asUInt();
  for (const Json::Value& item : saved["Resources"]) {
    request.resources.push_back({item[0].asString(), item[1].asUInt()});
  }
  for (const Json::Value& id : saved["Instances"]) request.instances.push_back(id.asString());
  return request;
}

}  // namespace hilum::modalities
