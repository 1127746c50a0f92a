// The job that sends resources to a peer.
#pragma once

#include <hilum/cpp/jobs.h>
#include <hilum/rest/named_resources.h>

#include <chrono>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sender.h"

namespace hilum::peers {

struct StoreRequest {
  std::string peer;  // its name: what it is, and its secrets, is looked up when the job begins
  SendOptions options;
  bool permissive = false;
  std::vector<rest::NamedResource> resources;  // as they were named
};

// Several connections at once, each of which takes the next instance when it has sent one. What has arrived is not sent
// again: not after a pause, a failure and a resubmission, or a restart of the server. A connection that breaks after it
// has worked is tried again for half a minute. Owned by the job engine.
class StoreTask : public JobTask {
 public:
  static constexpr const char* kType = "OrthancPeerStore";

  StoreTask(const Tools& tools, size_t connections, StoreRequest request,
            std::vector<dicom::PublicId> instances);
  // Out of what save() has written; null if it is none.
  static std::unique_ptr<StoreTask> load(const Tools& tools, size_t connections, std::string_view saved);

  JobStep step(const Job& job) override;
  void stop(hilum_job_stop reason) override;
  void reset() override;
  std::optional<std::string> save() override;

  // The job's public content as it is now. A JSON object.
  std::string content() const;

 private:
  StoreTask(const Tools& tools, size_t connections) : tools_(tools), connections_(connections) {}

  void begin(const Job& job);
  void send_some(const Job& job);
  void work(const Job& job, Sender& sender, std::chrono::steady_clock::time_point end);
  std::optional<dicom::PublicId> take(const Job& job, std::chrono::steady_clock::time_point end);
  void note_sent(const Job& job, uint64_t bytes);
  void note_failed(const dicom::PublicId& id, const SendError& error);
  void note_other(const dicom::PublicId& id, std::exception_ptr error);
  std::optional<JobStep> after_failure(const Job& job);

  const Tools& tools_;
  const size_t connections_;
  StoreRequest request_;
  Json::Value peer_shown_;  // null if nobody knows the peer (yet)
  size_t count_ = 0;        // of instances, sent or not

  // One per connection, between two begins and stops.
  std::vector<std::unique_ptr<Sender>> senders_;
  uint32_t tries_ = 0;   // in vain, since something arrived
  bool worked_ = false;  // something has arrived since the beginning or the last resubmission

  std::mutex mutex_;  // guards what follows, while a step has threads
  std::deque<dicom::PublicId> pending_;
  std::vector<dicom::PublicId> failed_;
  size_t sent_ = 0;
  uint64_t bytes_ = 0;
  bool ending_ = false;  // the threads take no more
  std::optional<SendError> failure_;
  std::exception_ptr other_;  // not the peer, not the instance: memory, a defect
};

}  // namespace hilum::peers
