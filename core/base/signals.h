// How the process is told to stop: signals, and requests of its own (/tools/shutdown, /tools/reset).
//
// The signals are blocked in all threads and fetched by one waiting thread, so no code ever runs inside a
// signal handler, and they stay blocked over a restart.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "core/base/files.h"

namespace hilum {

enum class StopReason {
  kShutdown,  // SIGTERM, SIGINT, SIGQUIT, /tools/shutdown: stop in order, exit 0
  kHangup,    // SIGHUP: restart if the configuration files changed, else go on
  kReset,     // /tools/reset: restart with the configuration read again
};

// Blocks SIGINT, SIGTERM, SIGQUIT and SIGHUP and ignores SIGPIPE for the calling thread and all threads that
// it will start. Call first in main, before any thread exists.
void block_stop_signals();

// One per process, owned by main, made after block_stop_signals(). request() may be called from every thread;
// the wait functions by one thread at a time.
class StopSignal {
 public:
  StopSignal();  // Error(HILUM_E_SYSTEM) when the process is out of descriptors
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Waits until a signal comes or something is requested. A signal that came before the call counts.
  StopReason wait();
  // The same for at most `limit`; std::nullopt when nothing came.
  std::optional<StopReason> wait_for(std::chrono::milliseconds limit);
  // Wakes the waiting thread, or the next one to wait. A requested shutdown is never weakened to a restart.
  void request(StopReason reason);

 private:
  std::optional<StopReason> take_request();

  UniqueFd signals_;                // signalfd
  UniqueFd wake_;                   // eventfd
  std::atomic<int> requested_{-1};  // a StopReason, or -1
};

}  // namespace hilum
