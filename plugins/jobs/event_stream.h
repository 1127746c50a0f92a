// GET /jobs/events: changes of jobs as server-sent events.
#pragma once

#include <hilum/cpp/http.h>

#include <atomic>
#include <cstddef>

#include "engine.h"

namespace hilum::jobs {

// A stream asks the engine what has changed since it asked last. A slow client thus misses steps in between and nothing else, and
// holds nobody up. Each stream takes one of the threads that answer requests, so that their number is bounded. Any thread.
class EventStreams {
 public:
  EventStreams(Engine& engine, size_t limit) : engine_(engine), limit_(limit) {}

  // Until the client has gone or the server stops. Throws HILUM_E_BUSY if there are too many.
  void serve(Request& request, Answer& answer);

 private:
  Engine& engine_;
  const size_t limit_;
  std::atomic<size_t> open_{0};
};

}  // namespace hilum::jobs
