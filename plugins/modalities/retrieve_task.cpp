#include "retrieve_task.h"

#include <hilum/rest/json_body.h>
#include <hilum/rest/remote_query.h>
#include <hilum/rest/styled_json.h>

#include <algorithm>

#include "store_task.h"

namespace hilum::modalities {

namespace {

constexpr size_t kLongestSave = 8u << 20;  // what the engine keeps
// Longer lists would outgrow what a job may show.
constexpr size_t kMostListed = 5000;
constexpr size_t kLongestPayload = 3u << 20;

std::string method_name(RetrieveMethod method) {
  return method == RetrieveMethod::kMove ? "C-MOVE" : "C-GET";
}

}  // namespace

const char* RetrieveTask::type_of(RetrieveMethod method) {
  return method == RetrieveMethod::kMove ? "DicomMoveScu" : "DicomGetScu";
}

RetrieveTask::RetrieveTask(const Tools& tools, RetrieveRequest request,
                           std::shared_ptr<rest::ErrorPayload> payload)
    : tools_(tools), request_(std::move(request)), payload_(std::move(payload)) {
  resolve_titles(tools_, request_.modality, request_.overrides, local_aet_, remote_aet_);
}

void RetrieveTask::write_details(dicom::JsonWriter& json) const {
  json.begin_array();
  for (size_t i = 0; i < details_.size(); ++i) {
    json.begin_object();
    json.member("DimseErrorStatus", details_[i].dimse_status);
    json.key("Query");
    rest::write_query_keys(json, request_.queries[i].keys, request_.format);
    json.key("ReceivedInstancesIds");
    json.begin_array();
    for (const std::string& id : details_[i].received) json.string(id);
    json.end_array();
    json.end_object();
  }
  json.end_array();
}

std::string RetrieveTask::content() const {
  size_t received = 0;
  for (const Detail& detail : details_) received += detail.received.size();
  const bool lists = request_.queries.size() <= kMostListed && received <= 4 * kMostListed;
  std::string text;
  dicom::JsonWriter json(text);
  json.begin_object();
  json.member("Description", "REST API");
  if (lists) {
    json.key("Details");
    write_details(json);
  }
  json.member("LocalAet", local_aet_);
  if (lists) {
    json.key("Query");
    json.begin_array();
    for (const RetrieveQuery& query : request_.queries) {
      rest::write_query_keys(json, query.keys, request_.format);
    }
    json.end_array();
  }
  json.member("RemoteAet", remote_aet_);
  if (request_.method == RetrieveMethod::kMove) json.member("TargetAet", request_.target_aet);
  json.end_object();
  return text;
}

std::string RetrieveTask::payload() const {
  std::string text;
  dicom::JsonWriter json(text);
  json.begin_object();
  json.key("Content");
  write_details(json);
  json.member("Type", "RetrieveJob");
  json.end_object();
  return text;
}

JobStep RetrieveTask::step(const Job& job) {
  if (details_.size() == request_.queries.size()) return JobStep::done();
  Detail detail;
  std::optional<Error> failure;
  try {
    run(job, request_.queries[details_.size()], detail);
  } catch (const Error& error) {
    // Broken off because of a pause or a cancel: this query is to be sent again.
    if (error.code() == HILUM_E_CANCELED_JOB && job.stop_requested() != 0) return JobStep::more();
    // A refusal of the other system is no mistake of the client of this job (422 without it).
    failure.emplace(error.code(), error.code() == HILUM_E_NETWORK ? 500 : error.http_status(),
                    error.message(), error.details());
  }
  details_.push_back(std::move(detail));
  job.set_content(content());
  job.set_progress(static_cast<double>(details_.size()) / static_cast<double>(request_.queries.size()));
  if (failure) {
    if (!request_.permissive) {
      const std::string told = payload();
      if (told.size() < kLongestPayload) payload_->set(job, told);
      throw Error(*failure);
    }
    tools_.log.info(method_name(request_.method) + " from " + remote_aet_ +
                    " has failed: " + failure->what());
  }
  return details_.size() == request_.queries.size() ? JobStep::done() : JobStep::more();
}

void RetrieveTask::run(const Job& job, const RetrieveQuery& query, Detail& detail) const {
  ScuTarget target = target_of(tools_, request_.modality, request_.overrides);
  target.still_wanted = [&job] { return job.stop_requested() == 0; };
  const dicom::QueryKeys keys = dicom::retrieve_keys(request_.level, query.keys);
  const std::string identifier =
      dicom::write_identifier(request_.level, keys, tools_.services.default_encoding());
  try {
    if (request_.method == RetrieveMethod::kMove) {
      move(job, target, identifier, query, detail);
    } else {
      get(job, target, identifier, query, detail);
    }
  } catch (const ScuError& error) {
    detail.dimse_status = error.dimse_status();
    throw;
  }
}

void RetrieveTask::move(const Job& job, const ScuTarget& target, const std::string& identifier,
                        const RetrieveQuery& query, Detail& detail) const {
  const Arrivals::Expected expected(tools_.arrivals, remote_aet_,
                                    dicom::retrieve_keys(request_.level, query.keys));
  const auto on_progress = [&](const hilum_scu_progress& progress) {
    show_progress(job, progress);
    return job.stop_requested() == 0;
  };
  try {
    tools_.scu.move(target, HILUM_SCU_STUDY_ROOT, identifier, request_.target_aet, on_progress);
  } catch (const Error&) {
    detail.received = expected.stored(tools_.services.index.snapshot());
    throw;
  }
  detail.received = expected.stored(tools_.services.index.snapshot());
}

void RetrieveTask::get(const Job& job, const ScuTarget& target, const std::string& identifier,
                       const RetrieveQuery& query, Detail& detail) const {
  const auto on_received = [&](const hilum_stored& stored) {
    if (stored.result != HILUM_FILTERED_OUT)
      detail.received.emplace_back(stored.instance, sizeof stored.instance);
    return job.stop_requested() == 0;
  };
  const auto on_progress = [&](const hilum_scu_progress& progress) {
    show_progress(job, progress);
    return job.stop_requested() == 0;
  };
  tools_.scu.get(target, HILUM_SCU_STUDY_ROOT, identifier, query.sop_classes, on_received, on_progress);
}

// The queries that are over, and the part of this one that has come.
void RetrieveTask::show_progress(const Job& job, const hilum_scu_progress& progress) const {
  const double over = static_cast<double>(progress.completed) + progress.failed + progress.warning;
  const double all = over + progress.remaining;
  const double part = all > 0 ? over / all : 0;
  job.set_progress((static_cast<double>(details_.size()) + part) /
                   static_cast<double>(request_.queries.size()));
}

void RetrieveTask::reset() { details_.clear(); }

std::optional<std::string> RetrieveTask::save() {
  Json::Value saved(Json::objectValue);
  saved["Method"] = method_name(request_.method);
  saved["Modality"] = request_.modality;
  saved["Level"] = dicom::query_level_term(request_.level);
  saved["LocalAet"] = request_.overrides.local_aet;
  if (request_.overrides.timeout) saved["Timeout"] = *request_.overrides.timeout;
  saved["TargetAet"] = request_.target_aet;
  saved["Permissive"] = request_.permissive;
  saved["Form"] = static_cast<int>(request_.format);
  for (const RetrieveQuery& query : request_.queries) {
    Json::Value item(Json::objectValue);
    for (const auto& [tag, value] : query.keys) item["Keys"][dicom::format_tag(tag)] = value;
    for (const std::string& uid : query.sop_classes) item["SopClasses"].append(uid);
    saved["Queries"].append(std::move(item));
  }
  for (const Detail& detail : details_) {
    Json::Value item(Json::objectValue);
    item["Status"] = detail.dimse_status;
    for (const std::string& id : detail.received) item["Received"].append(id);
    saved["Details"].append(std::move(item));
  }
  std::string text = rest::compact(saved);
  if (text.size() > kLongestSave) return std::nullopt;
  return text;
}

std::unique_ptr<JobTask> RetrieveTask::load(const Tools& tools, std::string_view saved) {
  const std::optional<Json::Value> value = rest::parse_json(saved);
  if (!value || !value->isObject()) return nullptr;
  RetrieveRequest request;
  request.method = (*value)["Method"].asString() == method_name(RetrieveMethod::kGet) ? RetrieveMethod::kGet
                                                                                      : RetrieveMethod::kMove;
  request.modality = (*value)["Modality"].asString();
  request.level = dicom::parse_query_level((*value)["Level"].asString()).value_or(dicom::Level::Study);
  request.overrides.local_aet = (*value)["LocalAet"].asString();
  if (value->isMember("Timeout")) request.overrides.timeout = (*value)["Timeout"].asUInt();
  request.target_aet = (*value)["TargetAet"].asString();
  request.permissive = (*value)["Permissive"].asBool();
  request.format = static_cast<dicom::JsonFormat>((*value)["Form"].asUInt());
  for (const Json::Value& item : (*value)["Queries"]) {
    RetrieveQuery query;
    const Json::Value& keys = item["Keys"];
    for (auto key = keys.begin(); key != keys.end(); ++key) {
      query.keys[dicom::parse_tag(key.name())] = key->asString();
    }
    for (const Json::Value& uid : item["SopClasses"]) query.sop_classes.push_back(uid.asString());
    request.queries.push_back(std::move(query));
  }
  auto task =
      std::make_unique<RetrieveTask>(tools, std::move(request), std::make_shared<rest::ErrorPayload>());
  for (const Json::Value& item : (*value)["Details"]) {
    Detail detail;
    detail.dimse_status = item["Status"].asUInt();
    for (const Json::Value& id : item["Received"]) detail.received.push_back(id.asString());
    task->details_.push_back(std::move(detail));
  }
  return task;
}

}  // namespace hilum::modalities
