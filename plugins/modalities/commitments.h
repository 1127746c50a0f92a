// Storage commitment as SCU: what other systems were asked to keep, and what they have answered.
#pragma once

#include <hilum/cpp/commitment.h>
#include <hilum/dicom/json_writer.h>
#include <hilum/rest/recent.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hilum::modalities {

// SOP class and SOP instance.
using SopPair = std::pair<std::string, std::string>;

// One transaction. Any thread.
class CommitmentReport {
 public:
  CommitmentReport(std::string remote_aet, const std::vector<SopPair>& asked);

  void take(const hilum_commitment_report& report);
  void write(dicom::JsonWriter& json) const;
  // The SOP instances that are committed; nothing unless all are.
  std::optional<std::vector<std::string>> committed() const;

 private:
  struct Item {
    std::string sop_class, sop_instance;
    uint32_t failure_reason = HILUM_COMMITMENT_PROCESSING_FAILURE;  // of those that an answer leaves out
  };
  bool has_failures() const;

  const std::string remote_aet_;
  mutable std::mutex mutex_;
  bool is_pending_ = true;
  std::vector<Item> items_;                    // those that were asked for, in their order
  std::map<std::string, size_t> by_instance_;  // indices
};

// The transactions, in memory, 256 MiB of them at most; the least recently used goes first. Any thread.
class Commitments {
 public:
  explicit Commitments(size_t capacity) : reports_(capacity, 256u << 20) {}

  // A new transaction, pending: known before the other system hears of it. Its UID.
  std::string open(const std::string& remote_aet, const std::vector<SopPair>& asked);
  std::shared_ptr<CommitmentReport> find(std::string_view transaction_uid) {
    return reports_.find(transaction_uid);
  }
  void remove(std::string_view transaction_uid) { reports_.remove(transaction_uid); }
  // False: the report answers no transaction that is known.
  bool take(const hilum_commitment_report& report);

 private:
  rest::Recent<CommitmentReport> reports_;
};

// The data set of the N-ACTION (PS3.4 table J.3-1), explicit VR little endian.
std::string write_commitment_request(const std::string& transaction_uid, const std::vector<SopPair>& asked);

}  // namespace hilum::modalities
