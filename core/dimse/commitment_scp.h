// Storage commitment (PS3.4 annex J): N-ACTION is taken and answered later over an association of its own; N-EVENT-REPORTs that
// answer our own requests are handed on.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "core/dimse/handlers.h"
#include "core/dimse/link.h"
#include "core/dimse/request_io.h"
#include "core/ingest/ingest.h"

namespace hilum::dimse {

// Sends an N-EVENT-REPORT (data set in Explicit VR Little Endian) to the modality of an AE title, called by `local_aet`. Throws what
// has failed. `still_wanted` is asked while it waits: false gives up.
using SendReport =
    std::function<void(const std::string& remote_aet, const std::string& local_aet, uint16_t event,
                       const std::string& data_set, const std::function<bool()>& still_wanted)>;

// What an N-ACTION or N-EVENT-REPORT is about, for the log.
struct CommitmentOutcome : Outcome {
  size_t items = 0;
};

// Serves storage commitment. Shared by all associations; thread-safe. Requests that no plugin takes over wait, up to a limit, for one
// thread, which is started with the first of them.
class CommitmentScp {
 public:
  CommitmentScp(const ingest::Ingest& ingest, const Handlers& handlers, SendReport send)
      : ingest_(ingest), handlers_(handlers), send_(std::move(send)) {}
  ~CommitmentScp() { stop(); }
  CommitmentScp(const CommitmentScp&) = delete;
  CommitmentScp& operator=(const CommitmentScp&) = delete;

  CommitmentOutcome serve_action(Link& link, uint8_t context, const Command& command, const Peer& peer,
                                 const std::string& transfer_syntax, std::chrono::milliseconds timeout);
  CommitmentOutcome serve_report(Link& link, uint8_t context, const Command& command, const Peer& peer,
                                 const std::string& transfer_syntax, std::chrono::milliseconds timeout);

  // Looks the instances up and reports. Throws what has failed.
  void answer(CommitmentRequest request) const;
  // Ends the thread; what still waits is dropped, with a warning.
  void stop();

 private:
  static constexpr size_t kMostWaiting = 100;

  void start(CommitmentRequest request);
  void work();
  bool tell(const CommitmentReport& report) const;

  const ingest::Ingest& ingest_;
  const Handlers& handlers_;
  const SendReport send_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<CommitmentRequest> waiting_;
  std::thread thread_;
  bool stopping_ = false;
};

}  // namespace hilum::dimse
