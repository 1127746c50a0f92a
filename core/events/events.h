// Fan-out of what has happened, and the filters that decide before it does.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/index/types.h"

namespace hilum::events {

// Delivers events to listeners, each on a thread of its own, in order, after they are durable. A listener
// that lags behind loses its oldest events beyond `kQueueLimit`, with one warning. Thread-safe.
class EventBus {
 public:
  static constexpr size_t kQueueLimit = 100000;
  using Listener = std::function<void(const index::Change&)>;

  EventBus();
  ~EventBus();
  EventBus(const EventBus&) = delete;
  EventBus& operator=(const EventBus&) = delete;

  // `owner` is the plugin's name: for the log, and for remove().
  void listen(const std::string& owner, Listener listener);
  // Returns when none of the owner's listeners runs any more and none will; what waited for them is dropped.
  // Never call it from a listener.
  void remove(const std::string& owner);
  // Never blocks.
  void publish(const std::vector<index::Change>& events);
  // Delivers what is queued (up to the deadline), then stops all threads. A listener that does not return
  // within another second is left behind, with an error in the log. Later calls of anything do nothing.
  void stop(int timeout_ms);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hilum::events
