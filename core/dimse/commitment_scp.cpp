#include "core/dimse/commitment_scp.h"

#include <hilum/cpp/error.h>

#include <algorithm>

#include "core/base/log.h"
#include "core/dimse/commitment.h"

namespace hilum::dimse {
namespace {

constexpr uint16_t kAllCommitted = 1, kSomeFailed = 2;  // Event Type ID, PS3.4 table J.3.3-1
constexpr uint16_t kRequestCommitment = 1;              // Action Type ID

// Receives the data set, lets `serve` work on it, and responds.
template <typename Serve>
void respond(Link& link, uint8_t context, const Command& command, std::chrono::milliseconds timeout,
             CommitmentOutcome* outcome, Serve&& serve) {
  std::string data_set;
  if (command.has_data_set) {
    data_set = receive_identifier(link, context, timeout, outcome);
  }
  if (outcome->received != Receive::kOk) {
    return;
  }
  if (outcome->status == 0) {
    catch_failure(outcome, [&] { serve(data_set); });
  }
  if (outcome->status != 0) {
    outcome->status = kProcessingFailure;  // the only one that N services have for all that
  }
  const Response response{command.field,        command.message_id, outcome->status, command.sop_class,
                          command.sop_instance, outcome->comment,   nullptr,         command.type};
  outcome->response_sent = link.send(context, response);
}

}  // namespace

CommitmentOutcome CommitmentScp::serve_action(Link& link, uint8_t context, const Command& command,
                                              const Peer& peer, const std::string& transfer_syntax,
                                              std::chrono::milliseconds timeout) {
  CommitmentOutcome outcome;
  respond(link, context, command, timeout, &outcome, [&](const std::string& data_set) {
    if (command.type != kRequestCommitment) {
      throw Error(HILUM_E_BAD_REQUEST, "Action Type ID is not 1");
    }
    CommitmentRequest request = parse_commitment_request(data_set, transfer_syntax);
    request.remote_aet = peer.calling_aet;
    request.called_aet = peer.called_aet;
    outcome.items = request.items.size();
    start(std::move(request));
  });
  return outcome;
}

CommitmentOutcome CommitmentScp::serve_report(Link& link, uint8_t context, const Command& command,
                                              const Peer& peer, const std::string& transfer_syntax,
                                              std::chrono::milliseconds timeout) {
  CommitmentOutcome outcome;
  respond(link, context, command, timeout, &outcome, [&](const std::string& data_set) {
    if (command.type != kAllCommitted && command.type != kSomeFailed) {
      throw Error(HILUM_E_BAD_REQUEST, "Event Type ID is neither 1 nor 2");
    }
    CommitmentReport report = parse_commitment_report(data_set, transfer_syntax);
    report.event = command.type;
    report.peer = peer;
    outcome.items = report.items.size();
    if (!tell(report)) {
      throw Error(HILUM_E_INEXISTENT_ITEM, "nobody knows the transaction");
    }
  });
  return outcome;
}

bool CommitmentScp::tell(const CommitmentReport& report) const {
  bool is_known = false;
  for (const auto& listener : handlers_.commitment_listeners.all()) {
    is_known |= (*listener)(report);
  }
  return is_known;
}

void CommitmentScp::start(CommitmentRequest request) {
  if (const auto job = handlers_.commitment_jobs.last()) {
    (*job)(request);
    return;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_ || waiting_.size() >= kMostWaiting) {
    throw Error(HILUM_E_BUSY, "too many requests for storage commitment wait");
  }
  waiting_.push_back(std::move(request));
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { work(); });
  }
  changed_.notify_one();
}

void CommitmentScp::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (stopping_) {
      return;
    }
    CommitmentRequest request = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    const std::string transaction = request.transaction_uid;
    try {
      answer(std::move(request));
    } catch (const std::exception& error) {
      log_warning(LogCategory::kDicom, "storage commitment {} cannot be reported: {}", transaction,
                  error.what());
    }
    lock.lock();
  }
}

void CommitmentScp::answer(CommitmentRequest request) const {
  const auto go_on = [this] {
    const std::lock_guard<std::mutex> lock(mutex_);
    return !stopping_;
  };
  look_up_commitment(ingest_, &request.items, go_on);
  const bool is_all = std::all_of(request.items.begin(), request.items.end(),
                                  [](const CommitmentItem& item) { return item.failure_reason == 0; });
  send_(request.remote_aet, request.called_aet, is_all ? kAllCommitted : kSomeFailed,
        encode_commitment_report(request.transaction_uid, request.items), go_on);
}

void CommitmentScp::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    if (!waiting_.empty()) {
      log_warning(LogCategory::kDicom, "{} requests for storage commitment are left unanswered",
                  waiting_.size());
    }
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

}  // namespace hilum::dimse
