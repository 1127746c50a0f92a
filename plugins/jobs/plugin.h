// The jobs plugin's one object: the engine, the service and the routes.
#pragma once

#include <hilum/all.h>
#include <hilum/cpp/hilum.h>
#include <hilum/cpp/records.h>

#include <memory>
#include <string_view>

#include "engine.h"
#include "event_stream.h"

namespace hilum::jobs {

// Created by start, destroyed by stop. Handlers run on several threads at once.
class Plugin {
 public:
  static constexpr const char* kRequired[] = {HILUM_HTTP_V1,   HILUM_CONFIG_V1,  HILUM_LOG_V1,
                                              HILUM_EVENTS_V1, HILUM_METRICS_V1, HILUM_RECORDS_DRAFT,
                                              nullptr};
  static constexpr const char* kProvided[] = {HILUM_JOBS_DRAFT, nullptr};
  explicit Plugin(Host host);
  ~Plugin() { engine_.stop(); }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  const void* service(const char* id) const;

  Host host() const { return host_; }
  Engine& engine() { return engine_; }

 private:
  void add_routes();
  void add_change_routes();
  // routes.cpp
  void list(Request& request, Answer& answer) const;
  void get(Request& request, Answer& answer) const;
  void get_output(Request& request, Answer& answer) const;
  void remove(Request& request, Answer& answer);
  void remove_output(Request& request, Answer& answer);

  Host host_;
  Log log_;
  Metrics metrics_;
  Engine engine_;
  hilum_jobs_draft table_;
  EventStreams streams_;
  Routes routes_;
  Events events_;
};

// The functions of the service (service.cpp).
hilum_jobs_draft make_table(Plugin& plugin);

}  // namespace hilum::jobs
