// Requests to other systems that a client of ours waits for.
#pragma once

#include <hilum/cpp/error.h>
#include <hilum/cpp/host.h>
#include <hilum/draft/server.h>

#include <atomic>
#include <functional>
#include <string>

namespace hilum::rest {

// How many there are: systems that do not answer must not hold all threads of the HTTP server. Thread-safe.
class DirectCalls {
 public:
  explicit DirectCalls(Host host)
      : host_(host), table_(&host.service<hilum_server_draft>(HILUM_SERVER_DRAFT)) {}
  DirectCalls(const DirectCalls&) = delete;
  DirectCalls& operator=(const DirectCalls&) = delete;

  // One of them, until the end of its life. Throws HILUM_E_BUSY.
  class Call {
   public:
    explicit Call(DirectCalls& calls) : calls_(calls) {
      if (calls_.count_.fetch_add(1) < kMost) return;
      calls_.count_.fetch_sub(1);
      throw Error(HILUM_E_BUSY, std::to_string(kMost) + " requests wait for other systems already");
    }
    ~Call() { calls_.count_.fetch_sub(1); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    // The server does not wait for another system when it stops.
    std::function<bool()> is_cancelled() const {
      return [host = calls_.host_, table = calls_.table_] { return table->is_stopping(host.get()) != 0; };
    }

   private:
    DirectCalls& calls_;
  };

 private:
  static constexpr int kMost = 16;

  Host host_;
  const hilum_server_draft* table_;
  std::atomic<int> count_{0};
};

}  // namespace hilum::rest
