// What each DIMSE command leaves behind, whoever sent it: one log line and the metrics of its kind.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace hilum::dimse {

enum class CommandRole { kScp, kScu };

// One command, from its arrival (SCP) or its sending (SCU) to its last response:
//
//   CommandLog log(CommandRole::kScu, kMoveRequest);
//   log.set_peer(aet, host, port);            // SCU only: lines of the SCP have the context of the association
//   log.count("completed", completed);        // as often as there is something to say
//   log.finish(status, comment);              // or log.lost("timeout")
//
//   C-MOVE scu to=PACS@10.0.0.7:104 status=0x0000 completed=12 received=0 sent=0 duration=815.3ms
//
// The line has level info, or warning when the command has failed. Metrics of command NAME (store, find...):
// hilum_dicom_NAME_duration_ms and hilum_dicom_NAME_failures for what is served, with scu_ before NAME for what is
// asked; hilum_dicom_bytes_received and hilum_dicom_bytes_sent. Lives on the stack of the thread that serves or asks;
// one that is destroyed without an end counts as failed. Texts given by string_view must outlive it.
class CommandLog {
 public:
  CommandLog(CommandRole role, uint16_t field);
  ~CommandLog();
  CommandLog(const CommandLog&) = delete;
  CommandLog& operator=(const CommandLog&) = delete;

  void set_peer(std::string_view aet, std::string_view host, uint16_t port);
  void set_instance(std::string_view sop_instance) { instance_ = sop_instance; }
  void add_received(uint64_t bytes) { received_ += bytes; }  // of data sets
  void add_sent(uint64_t bytes) { sent_ += bytes; }
  // `what` is a literal: "answers", "completed", "failed", "warnings", "remaining"... A later value replaces the first.
  void count(const char* what, uint64_t value);

  // The final response had this status. `comment`: no patient data.
  void finish(uint16_t status, std::string_view comment = {});
  // There was no final response: the association ended, or it never came to one.
  void lost(std::string_view why);

 private:
  void write(bool failed, std::string_view status, std::string_view comment);

  const CommandRole role_;
  const uint16_t field_;
  const std::chrono::steady_clock::time_point start_;
  bool ended_ = false;
  std::string_view aet_, host_, instance_;
  uint16_t port_ = 0;
  uint64_t received_ = 0, sent_ = 0;
  std::array<std::pair<const char*, uint64_t>, 6> counts_{};
  size_t used_counts_ = 0;
};

// Failure, as PS3.7 annex C classes statuses: neither success, warning, cancel nor pending.
bool is_failure(uint16_t status);

}  // namespace hilum::dimse
