// What others add to the DICOM server: filters of queries, worklists, who takes over what need not be done while a client
// waits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/dimse/permissions.h"

namespace hilum::dimse {

class Scu;

// The numbers are those of hilum/draft/query_filters.h.
enum class QueryKind : uint32_t { kFind = 1, kWorklist = 2 };

// Gives the query (JSON in the short form) that it shall be, or nothing to leave it. An exception refuses it.
using QueryFilter =
    std::function<std::optional<std::string>(QueryKind kind, const Peer& peer, const std::string& query)>;

// Where answers to a worklist query go. One thread.
class WorklistAnswers {
 public:
  virtual ~WorklistAnswers() = default;
  // A data set in Explicit VR Little Endian. False if nobody waits for more. Throws HILUM_E_BAD_FORMAT.
  virtual bool add(std::string_view data_set) = 0;
  virtual void set_incomplete() = 0;
  virtual bool is_wanted() = 0;
};
// `identifier` is in Explicit VR Little Endian.
using WorklistProvider =
    std::function<void(const Peer& peer, std::string_view identifier, WorklistAnswers& answers)>;

// A C-MOVE that is answered before its instances are sent.
struct MoveJob {
  uint16_t originator_id = 0;
  std::string originator_aet, called_aet;
  std::string modality;  // symbolic name of the destination
  std::string destination_aet;
  std::vector<std::string> resources;  // public ids
  uint64_t instances = 0;
};
using StartMove = std::function<void(const MoveJob&)>;

struct CommitmentItem {
  std::string sop_class, sop_instance;
  uint16_t failure_reason = 0;  // 0: committed
};
struct CommitmentRequest {
  std::string transaction_uid;
  std::string remote_aet, called_aet;
  std::vector<CommitmentItem> items;
};
struct CommitmentReport {
  uint16_t event = 0;  // EventTypeID: 1 all are committed, 2 some are not
  std::string transaction_uid;
  Peer peer;
  std::vector<CommitmentItem> items;
};
using StartCommitment = std::function<void(const CommitmentRequest&)>;
// False: not a transaction of this listener.
using CommitmentListener = std::function<bool(const CommitmentReport&)>;

// Functions of one kind, each with the number by which it is removed. Thread-safe; a function that runs is not waited for.
template <typename Function>
class HandlerList {
 public:
  void add(uint64_t number, Function function) {
    const std::lock_guard<std::mutex> lock(mutex_);
    functions_.emplace(number, std::make_shared<const Function>(std::move(function)));
  }
  void remove(uint64_t number) {
    const std::lock_guard<std::mutex> lock(mutex_);
    functions_.erase(number);
  }
  // In the order in which they were added.
  std::vector<std::shared_ptr<const Function>> all() const {
    std::vector<std::shared_ptr<const Function>> list;
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [number, function] : functions_) {
      list.push_back(function);
    }
    return list;
  }
  // The one that was added last, or null.
  std::shared_ptr<const Function> last() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return functions_.empty() ? nullptr : functions_.rbegin()->second;
  }
  bool empty() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return functions_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<const Function>> functions_;
};

// Owned by the server. Thread-safe.
struct Handlers {
  HandlerList<QueryFilter> query_filters;
  HandlerList<WorklistProvider> worklists;
  HandlerList<StartMove> move_jobs;
  HandlerList<StartCommitment> commitment_jobs;
  HandlerList<CommitmentListener> commitment_listeners;
  // Calls other systems, for C-MOVE and commitment reports, and knows who transcodes. Set before the server starts; null in
  // tests.
  Scu* scu = nullptr;
};

}  // namespace hilum::dimse
