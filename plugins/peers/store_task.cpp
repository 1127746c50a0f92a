#include "store_task.h"

#include <hilum/rest/json_body.h>
#include <hilum/rest/level.h>
#include <hilum/rest/styled_json.h>

#include <algorithm>
#include <thread>

namespace hilum::peers {

namespace {

using Clock = std::chrono::steady_clock;

// Between steps the job is saved and can be paused; a crash makes what a step has sent be sent again.
constexpr std::chrono::seconds kStep{3};
// 1 + 2 + 4 + 8 + 15 s.
constexpr uint32_t kTries = 5;
constexpr std::chrono::seconds kLongestPause{15};
// Longer lists would outgrow what a job may show.
constexpr size_t kMostListed = 10000;
constexpr uint64_t kMegabyte = 1u << 20;
constexpr size_t kLongestSaved = 8u << 20;  // what the engine keeps

std::chrono::milliseconds pause_before(uint32_t attempt) {
  return std::min<std::chrono::milliseconds>(kLongestPause,
                                             std::chrono::seconds(1u << std::min(attempt, 10u)));
}

}  // namespace

StoreTask::StoreTask(const Tools& tools, size_t connections, StoreRequest request,
                     std::vector<dicom::PublicId> instances)
    : tools_(tools),
      connections_(connections),
      request_(std::move(request)),
      count_(instances.size()),
      pending_(instances.begin(), instances.end()) {
  if (const std::optional<Peer> peer = tools.registry.find(request_.peer)) peer_shown_ = job_form(*peer);
}

JobStep StoreTask::step(const Job& job) {
  if (senders_.empty()) begin(job);
  failure_.reset();
  other_ = nullptr;
  ending_ = false;
  send_some(job);
  job.set_content(content());
  if (other_) std::rethrow_exception(other_);
  if (failure_) {
    if (const std::optional<JobStep> next = after_failure(job)) return *next;
  }
  if (!pending_.empty()) return JobStep::more();
  job.set_progress(1);
  return JobStep::done();
}

void StoreTask::begin(const Job& job) {
  const Peer peer = tools_.registry.get(request_.peer);
  peer_shown_ = job_form(peer);
  job.set_content(content());
  const size_t count = std::max<size_t>(1, std::min(connections_, pending_.size()));
  for (size_t i = 0; i < count; ++i) {
    senders_.push_back(std::make_unique<Sender>(tools_, peer, request_.options));
  }
}

void StoreTask::send_some(const Job& job) {
  const auto end = Clock::now() + kStep;
  const size_t count = std::min(senders_.size(), pending_.size());
  std::vector<std::thread> threads;
  try {
    for (size_t i = 1; i < count; ++i) {
      threads.emplace_back([this, &job, end, i] { work(job, *senders_[i], end); });
    }
  } catch (const std::system_error&) {
    // fewer threads will do
  }
  work(job, *senders_.front(), end);
  for (std::thread& thread : threads) thread.join();
}

// What one thread does during a step; throws nothing.
void StoreTask::work(const Job& job, Sender& sender, Clock::time_point end) {
  while (const std::optional<dicom::PublicId> id = take(job, end)) {
    try {
      // Not given up for the end of the step, only if somebody wants the job to stop.
      note_sent(job, sender.send(id->to_string(), [&job] { return job.stop_requested() != 0; }));
    } catch (const SendError& error) {
      note_failed(*id, error);
    } catch (...) {
      note_other(*id, std::current_exception());
    }
  }
}

std::optional<dicom::PublicId> StoreTask::take(const Job& job, Clock::time_point end) {
  const std::lock_guard lock(mutex_);
  if (ending_ || pending_.empty() || Clock::now() >= end || job.stop_requested() != 0) return std::nullopt;
  const dicom::PublicId id = pending_.front();
  pending_.pop_front();
  return id;
}

void StoreTask::note_sent(const Job& job, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  ++sent_;
  bytes_ += bytes;
  tries_ = 0;
  worked_ = true;
  // Instances on their way are in no list. Said inside the lock, so that the progress never goes back.
  job.set_progress(static_cast<double>(sent_ + failed_.size()) / static_cast<double>(count_));
}

void StoreTask::note_failed(const dicom::PublicId& id, const SendError& error) {
  const std::lock_guard lock(mutex_);
  if (error.kind() == SendError::Kind::kInstance) {
    failed_.push_back(id);
    tools_.log.warning("peers: an instance has not been sent: " + error.details());
    if (request_.permissive) return;
  } else {
    pending_.push_front(id);
  }
  ending_ = true;
  // The error of whoever was asked to stop says nothing; an instance that is refused is the end, whatever else goes wrong.
  if (error.kind() == SendError::Kind::kCancelled) return;
  if (!failure_ || error.kind() == SendError::Kind::kInstance) failure_ = error;
}

void StoreTask::note_other(const dicom::PublicId& id, std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  pending_.push_front(id);
  ending_ = true;
  if (!other_) other_ = std::move(error);
}

// What to do next; nothing if the rest is given up and the job goes on. Throws if it has failed.
std::optional<JobStep> StoreTask::after_failure(const Job& job) {
  const SendError failure = *failure_;
  if (failure.kind() == SendError::Kind::kTransient && worked_ && tries_ < kTries) {
    const auto pause = pause_before(tries_++);
    tools_.log.warning("job " + std::string(job.id()) + " tries again in " +
                       std::to_string(pause.count() / 1000) + " s: " + failure.details());
    return JobStep::again(pause);
  }
  if (!request_.permissive || failure.kind() == SendError::Kind::kInstance)
    throw Error(failure.code(), failure.details());
  // What is wrong with the peer is wrong for each of them.
  tools_.log.warning("job " + std::string(job.id()) + " leaves out " + std::to_string(pending_.size()) +
                     " instances: " + failure.details());
  failed_.insert(failed_.end(), pending_.begin(), pending_.end());
  pending_.clear();
  job.set_content(content());
  return std::nullopt;
}

void StoreTask::stop(hilum_job_stop) { senders_.clear(); }

// What has arrived stays there: the others are tried once more.
void StoreTask::reset() {
  pending_.insert(pending_.begin(), failed_.begin(), failed_.end());
  failed_.clear();
  tries_ = 0;
  worked_ = false;
}

std::string StoreTask::content() const {
  Json::Value json(Json::objectValue);
  json["Compress"] = request_.options.compress;
  json["Description"] = "REST API";
  json["FailedInstancesCount"] = static_cast<Json::UInt64>(failed_.size());
  json["InstancesCount"] = static_cast<Json::UInt64>(count_);
  json["Peer"] = peer_shown_;
  json["Size"] = std::to_string(bytes_);  // a text, too, for clients whose numbers have 32 bits
  json["SizeMB"] = static_cast<Json::UInt64>(bytes_ / kMegabyte);
  if (!request_.options.transcode.empty()) json["Transcode"] = request_.options.transcode;
  if (!request_.resources.empty() && request_.resources.size() <= kMostListed) {
    for (const rest::NamedResource& resource : request_.resources) {
      Json::Value item(Json::objectValue);
      item["ID"] = resource.id;
      item["Type"] = rest::level_info(resource.level).name;
      json["ParentResources"].append(resource.id);
      json["Resources"].append(std::move(item));
    }
  }
  return rest::styled(json);
}

// A JSON object, a NUL, and the ids as bytes: first those that have failed, then those that are left.
std::optional<std::string> StoreTask::save() {
  Json::Value json(Json::objectValue);
  json["Peer"] = request_.peer;
  json["Compress"] = request_.options.compress;
  json["Transcode"] = request_.options.transcode;
  json["LossyQuality"] = request_.options.lossy_quality;
  json["Permissive"] = request_.permissive;
  json["Sent"] = static_cast<Json::UInt64>(sent_);
  json["Bytes"] = static_cast<Json::UInt64>(bytes_);
  json["Failed"] = static_cast<Json::UInt64>(failed_.size());
  json["Worked"] = worked_;
  json["Resources"] = Json::arrayValue;
  for (const rest::NamedResource& resource : request_.resources) {
    Json::Value item(Json::arrayValue);
    item.append(resource.id);
    item.append(resource.level);
    json["Resources"].append(std::move(item));
  }
  std::string text = rest::compact(json);
  text.push_back('\0');
  for (const dicom::PublicId& id : failed_) text += id.view();
  for (const dicom::PublicId& id : pending_) text += id.view();
  if (text.size() > kLongestSaved) return std::nullopt;
  return text;
}

std::unique_ptr<StoreTask> StoreTask::load(const Tools& tools, size_t connections, std::string_view saved) {
  const size_t end = saved.find('\0');
  if (end == std::string_view::npos) return nullptr;
  const std::optional<Json::Value> json = rest::parse_json(saved.substr(0, end));
  constexpr size_t kIdSize = sizeof(dicom::PublicId);
  std::string_view ids = saved.substr(end + 1);
  if (!json || !json->isObject() || ids.size() % kIdSize != 0) return nullptr;
  std::unique_ptr<StoreTask> task(new StoreTask(tools, connections));
  StoreRequest& request = task->request_;
  request.peer = (*json)["Peer"].asString();
  request.options.compress = (*json)["Compress"].asBool();
  request.options.transcode = (*json)["Transcode"].asString();
  request.options.lossy_quality = (*json)["LossyQuality"].asInt();
  request.permissive = (*json)["Permissive"].asBool();
  for (const Json::Value& item : (*json)["Resources"])
    request.resources.push_back({item[0].asString(), item[1].asUInt()});
  task->sent_ = static_cast<size_t>((*json)["Sent"].asUInt64());
  task->bytes_ = (*json)["Bytes"].asUInt64();
  task->worked_ = (*json)["Worked"].asBool();
  const auto failed = static_cast<size_t>((*json)["Failed"].asUInt64());
  for (; !ids.empty(); ids.remove_prefix(kIdSize)) {
    dicom::PublicId id;
    std::copy_n(ids.begin(), kIdSize, id.bytes.begin());
    if (task->failed_.size() < failed) {
      task->failed_.push_back(id);
    } else {
      task->pending_.push_back(id);
    }
  }
  task->count_ = task->sent_ + task->failed_.size() + task->pending_.size();
  return task;
}

}  // namespace hilum::peers
