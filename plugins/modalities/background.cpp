#include "background.h"

#include <hilum/rest/json_body.h>
#include <hilum/rest/styled_json.h>

#include "store_task.h"

namespace hilum::modalities {

void start_move(const Tools& tools, const Jobs& jobs, const hilum_move_job& move) {
  StoreRequest request;
  request.modality = to_view(move.modality);
  request.description = "C-MOVE";
  request.originator_aet = to_view(move.originator_aet);
  request.originator_id = move.originator_id;
  JobOptions options;
  for (uint64_t i = 0; i < move.resource_count; ++i) {
    options.resources.emplace_back(to_view(move.resources[i]));
    request.resources.push_back({options.resources.back(), 0});
  }
  find_instances(tools.services.index.snapshot(), request);
  auto task = std::make_unique<StoreTask>(tools, std::move(request), std::make_shared<rest::ErrorPayload>());
  options.content = task->content();
  (void)jobs.submit(StoreTask::kType, std::move(task), options);
}

std::string CommitmentTask::content() const {
  std::string text;
  dicom::JsonWriter json(text);
  json.begin_object();
  json.member("CalledAet", request_.called_aet);
  json.member("Description", "");
  json.member("RemoteAet", request_.remote_aet);
  json.member("TransactionUid", request_.transaction_uid);
  json.end_object();
  return text;
}

JobStep CommitmentTask::step(const Job& job) {
  try {
    commitment_.answer(request_);
  } catch (const Error& error) {
    if (error.code() != HILUM_E_CANCELED_JOB || job.stop_requested() == 0) throw;
    return JobStep::more();  // the report is owed still
  }
  return JobStep::done();
}

std::optional<std::string> CommitmentTask::save() {
  Json::Value saved(Json::objectValue);
  saved["TransactionUid"] = request_.transaction_uid;
  saved["RemoteAet"] = request_.remote_aet;
  saved["CalledAet"] = request_.called_aet;
  saved["Items"] = Json::arrayValue;
  for (const CommitmentItem& item : request_.items) {
    Json::Value pair(Json::arrayValue);
    pair.append(item.sop_class);
    pair.append(item.sop_instance);
    saved["Items"].append(std::move(pair));
  }
  constexpr size_t kLongestSave = 8u << 20;  // what the engine keeps
  std::string text = rest::compact(saved);
  if (text.size() > kLongestSave) return std::nullopt;
  return text;
}

std::unique_ptr<JobTask> CommitmentTask::load(const Commitment& commitment, std::string_view saved) {
  const std::optional<Json::Value> value = rest::parse_json(saved);
  if (!value || !value->isObject()) return nullptr;
  CommitmentRequest request;
  request.transaction_uid = (*value)["TransactionUid"].asString();
  request.remote_aet = (*value)["RemoteAet"].asString();
  request.called_aet = (*value)["CalledAet"].asString();
  for (const Json::Value& pair : (*value)["Items"]) {
    request.items.push_back({pair[0].asString(), pair[1].asString()});
  }
  return std::make_unique<CommitmentTask>(commitment, std::move(request));
}

}  // namespace hilum::modalities
