#include "store_task.h"

#include <hilum/rest/json_body.h>
#include <hilum/rest/level.h>
#include <hilum/rest/styled_json.h>

#include <algorithm>
#include <chrono>
#include <map>

namespace hilum::modalities {

namespace {

// A step is as long as somebody may wait for a pause.
constexpr std::chrono::milliseconds kStep{200};
// How many instances the sender is told of in advance: the presentation contexts of an association are made for them.
constexpr size_t kAnnounced = 5000;
constexpr size_t kLongestSave = 8u << 20;  // what the engine keeps
// Longer lists would outgrow what a job may show.
constexpr size_t kMostListed = 10000;

std::string payload_of(uint32_t dimse_status) {
  return R"({"Type":"Dimse","Content":{"DimseErrorStatus":)" + std::to_string(dimse_status) + "}}";
}

}  // namespace

void resolve_titles(const Tools& tools, const std::string& modality, const Overrides& overrides,
                    std::string& local_aet, std::string& remote_aet) {
  const Json::Value resolved = parse_definition(tools.scu.resolve(target_of(tools, modality, overrides)));
  local_aet = resolved["LocalAet"].asString();
  remote_aet = resolved["AET"].asString();
}

StoreTask::StoreTask(const Tools& tools, StoreRequest request, std::shared_ptr<rest::ErrorPayload> payload)
    : tools_(tools), request_(std::move(request)), payload_(std::move(payload)) {
  resolve_titles(tools_, request_.modality, request_.overrides, local_aet_, remote_aet_);
}

std::string StoreTask::content() const {
  Json::Value content(Json::objectValue);
  content["Description"] = request_.description;
  content["FailedInstancesCount"] = Json::UInt64(failed_);
  content["InstancesCount"] = Json::UInt64(request_.instances.size());
  content["LocalAet"] = local_aet_;
  content["RemoteAet"] = remote_aet_;
  if (request_.originator_id != 0) {
    content["MoveOriginatorAET"] = request_.originator_aet;
    content["MoveOriginatorID"] = request_.originator_id;
  }
  if (!transaction_uid_.empty()) content["StorageCommitmentTransactionUID"] = transaction_uid_;
  if (!request_.resources.empty() && request_.resources.size() <= kMostListed) {
    std::map<std::string, uint32_t> by_id;
    for (const rest::NamedResource& named : request_.resources) by_id[named.id] = named.level;
    for (const auto& [id, level] : by_id) {
      content["ParentResources"].append(id);
      Json::Value item(Json::objectValue);
      item["ID"] = id;
      item["Type"] = rest::level_info(level).name;
      content["Resources"].append(std::move(item));
    }
  }
  return rest::compact(content);
}

// A long list of resources is not written again for nothing.
void StoreTask::show(const Job& job) {
  if (shown_failed_ == failed_ && shown_transaction_uid_ == transaction_uid_) return;
  job.set_content(content());
  shown_failed_ = failed_;
  shown_transaction_uid_ = transaction_uid_;
}

JobStep StoreTask::step(const Job& job) {
  running_ = &job;
  try {
    send_some(job);
    if (next_ == request_.instances.size() && !wants_stop_ && transaction_uid_.empty() && !sent_.empty()) {
      ask_for_commitment(job);
    }
  } catch (...) {
    running_ = nullptr;
    show(job);
    throw;
  }
  running_ = nullptr;
  show(job);
  if (next_ < request_.instances.size() || wants_stop_) return JobStep::more();
  return JobStep::done();
}

void StoreTask::send_some(const Job& job) {
  wants_stop_ = false;
  const auto end = std::chrono::steady_clock::now() + kStep;
  while (next_ < request_.instances.size() && !wants_stop_ && std::chrono::steady_clock::now() < end &&
         job.stop_requested() == 0) {
    send_next(job);
    job.set_progress(static_cast<double>(next_) / (static_cast<double>(request_.instances.size()) + 1));
  }
}

void StoreTask::announce() {
  if (!sender_) {
    ScuTarget target = target_of(tools_, request_.modality, request_.overrides);
    target.still_wanted = [this] { return running_ == nullptr || running_->stop_requested() == 0; };
    sender_.emplace(tools_.host, std::move(target),
                    ScuSender::Options{false, request_.originator_id != 0 ? request_.originator_aet : "",
                                       static_cast<uint16_t>(request_.originator_id)});
    announced_ = next_;
  }
  if (next_ < announced_) return;
  const auto from = request_.instances.begin() + static_cast<ptrdiff_t>(next_);
  const size_t count = std::min(kAnnounced, request_.instances.size() - next_);
  sender_->announce({from, from + static_cast<ptrdiff_t>(count)});
  announced_ = next_ + count;
}

void StoreTask::send_next(const Job& job) {
  announce();
  try {
    const hilum_sent sent = sender_->send(request_.instances[next_]);
    if (request_.commitment) sent_.emplace_back(sent.sop_class, sent.sop_instance);
  } catch (const ScuError& error) {
    // Given up because of a pause or a cancel: this one is to be sent again.
    if (error.code() == HILUM_E_CANCELED_JOB && job.stop_requested() != 0) {
      wants_stop_ = true;
      return;
    }
    ++failed_;
    if (!request_.permissive) {
      payload_->set(job, payload_of(error.dimse_status()));
      throw;
    }
    tools_.log.info("instance " + request_.instances[next_] + " was not sent to " + remote_aet_ + ": " +
                    error.what());
  }
  ++next_;
}

// The report is there before the other system can answer.
void StoreTask::ask_for_commitment(const Job& job) {
  sender_.reset();
  const std::string uid = tools_.commitments.open(remote_aet_, sent_);
  ScuTarget target = target_of(tools_, request_.modality, request_.overrides);
  target.still_wanted = [&job] { return job.stop_requested() == 0; };
  try {
    ask_to_commit(tools_, target, uid, sent_);
  } catch (const Error& error) {
    tools_.commitments.remove(uid);
    if (error.code() != HILUM_E_CANCELED_JOB || job.stop_requested() == 0) throw;
    wants_stop_ = true;  // what has been sent stays sent; it is asked again when the job goes on
    return;
  }
  transaction_uid_ = uid;
}

void StoreTask::stop(hilum_job_stop) { sender_.reset(); }

void StoreTask::reset() {
  next_ = 0;
  failed_ = 0;
  announced_ = 0;
  sent_.clear();
  transaction_uid_.clear();
  sender_.reset();
}

std::optional<std::string> StoreTask::save() {
  Json::Value saved = to_json(request_);
  saved["Next"] = Json::UInt64(next_);
  saved["Failed"] = Json::UInt64(failed_);
  saved["Transaction"] = transaction_uid_;
  for (const auto& [sop_class, sop_instance] : sent_) {
    Json::Value pair(Json::arrayValue);
    pair.append(sop_class);
    pair.append(sop_instance);
    saved["Sent"].append(std::move(pair));
  }
  std::string text = rest::compact(saved);
  if (text.size() > kLongestSave) return std::nullopt;
  return text;
}

std::unique_ptr<JobTask> StoreTask::load(const Tools& tools, std::string_view saved) {
  const std::optional<Json::Value> value = rest::parse_json(saved);
  if (!value || !value->isObject()) return nullptr;
  auto task = std::make_unique<StoreTask>(tools, from_json(*value), std::make_shared<rest::ErrorPayload>());
  task->next_ = std::min<size_t>((*value)["Next"].asUInt64(), task->request_.instances.size());
  task->failed_ = (*value)["Failed"].asUInt64();
  task->transaction_uid_ = (*value)["Transaction"].asString();
  for (const Json::Value& pair : (*value)["Sent"])
    task->sent_.emplace_back(pair[0].asString(), pair[1].asString());
  return task;
}

}  // namespace hilum::modalities
