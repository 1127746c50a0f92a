#include "core/plugins/call_gate.h"

namespace hilum::plugins {

// Sequentially consistent on purpose: either enter() sees `closed_`, or wait() sees the one who entered.
bool CallGate::enter() {
  inside_.fetch_add(1);
  if (!closed_.load()) {
    return true;
  }
  leave();
  return false;
}

void CallGate::leave() {
  if (inside_.fetch_sub(1) == 1 && closed_.load()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    left_.notify_all();
  }
}

void CallGate::close() { closed_.store(true); }

bool CallGate::wait(std::chrono::milliseconds patience) {
  std::unique_lock<std::mutex> lock(mutex_);
  return left_.wait_for(lock, patience, [this] { return inside_.load() == 0; });
}

}  // namespace hilum::plugins
