#include "tools.h"

#include <hilum/rest/json_body.h>

#include <algorithm>

namespace hilum::modalities {

Tools::Tools(Host given)
    : host(given),
      server(given.service<hilum_server_draft>(HILUM_SERVER_DRAFT)),
      services(given),
      modalities(given),
      scu(given),
      changes(given),
      log(given),
      filters(given),
      arrivals(filters),
      commitments(
          static_cast<size_t>(std::max<int64_t>(1, services.config.integer("StorageCommitmentReportsSize")))),
      direct_calls(given) {}

Json::Value parse_definition(const std::string& json) {
  return rest::parse_json(json).value_or(Json::Value(Json::objectValue));
}

std::string require_modality(const Tools& tools, const Request& request) {
  std::string name(request.parameter("id"));
  (void)tools.modalities.get(name);
  return name;
}

ScuTarget target_of(const Tools& tools, const std::string& modality, const Overrides& overrides) {
  ScuTarget target;
  target.still_wanted = [&tools] { return tools.server.is_stopping(tools.host.get()) == 0; };
  target.modality = modality;
  target.local_aet = overrides.local_aet;
  target.called_aet = overrides.called_aet;
  target.host = overrides.host;
  target.port = static_cast<uint16_t>(overrides.port);
  target.timeout = overrides.timeout;
  return target;
}

Json::Value json_body(const Request& request, bool may_be_empty, size_t limit) {
  const std::string body = request.body(limit);
  if (may_be_empty && body.empty()) return Json::Value(Json::objectValue);
  std::optional<Json::Value> value = rest::parse_json(body);
  if (!value) throw Error(HILUM_E_BAD_FORMAT, "The body must contain JSON");
  return std::move(*value);
}

void ask_to_commit(const Tools& tools, const ScuTarget& target, const std::string& transaction_uid,
                   const std::vector<SopPair>& asked) {
  // PS3.4 section J.3.2: the class, its well-known instance, and the action that requests.
  constexpr std::string_view kPushModel = "1.2.840.10008.1.20.1";
  constexpr std::string_view kPushModelInstance = "1.2.840.10008.1.20.1.1";
  constexpr uint32_t kRequest = 1;
  tools.scu.action(target, kPushModel, kPushModelInstance, kRequest,
                   write_commitment_request(transaction_uid, asked));
}

}  // namespace hilum::modalities
