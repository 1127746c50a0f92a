// Which instances come in because a C-MOVE has asked for them.
#pragma once

#include <hilum/cpp/events.h>
#include <hilum/cpp/index.h>
#include <hilum/dicom/query_identifier.h>

#include <atomic>
#include <list>
#include <mutex>
#include <string>
#include <vector>

namespace hilum::modalities {

// Looks at what is received while somebody expects something: also at instances that are stored already. A member of the plugin's
// class; any thread.
class Arrivals {
 public:
  explicit Arrivals(Filters& filters);
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  // Notes instances from `remote_aet` that have all of `keys`, from its construction to its destruction.
  class Expected {
   public:
    Expected(Arrivals& arrivals, std::string remote_aet, dicom::QueryKeys keys);
    ~Expected();
    Expected(const Expected&) = delete;
    Expected& operator=(const Expected&) = delete;

    // Public ids of those that are stored, in the order of their arrival; none twice.
    std::vector<std::string> stored(const Snapshot& snapshot) const;

   private:
    friend class Arrivals;
    void look_at(const Incoming& instance);  // with the lock

    Arrivals& arrivals_;
    const std::string remote_aet_;  // folded
    const dicom::QueryKeys keys_;
    std::vector<std::string> ids_;
    std::list<Expected*>::iterator place_;
  };

 private:
  void look_at(const Incoming& instance);

  std::atomic<size_t> waiting_{0};  // so that nothing is done while nobody waits
  mutable std::mutex mutex_;
  std::list<Expected*> expected_;
};

}  // namespace hilum::modalities
