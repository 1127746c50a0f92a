#include "core/server_figures.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <string_view>

#include "core/base/metrics.h"
#include "core/dimse/server.h"
#include "core/http/server.h"
#include "core/ingest/ingest.h"

namespace hilum {
namespace {

constexpr double kMegabyte = 1024.0 * 1024.0;

template <typename Number>
void set(std::string_view name, Number value) {
  metrics().set(name, static_cast<double>(value));
}

void set_contents(const ingest::Ingest& ingest) {
  const index::Snapshot snapshot = ingest.snapshot();
  const index::Totals totals = snapshot.totals();
  set("orthanc_count_patients", totals.patients);
  set("orthanc_count_studies", totals.studies);
  set("orthanc_count_series", totals.series);
  set("orthanc_count_instances", totals.instances);
  set("orthanc_disk_size_mb", static_cast<double>(totals.stored_size) / kMegabyte);
  set("orthanc_uncompressed_size_mb", static_cast<double>(totals.content_size) / kMegabyte);
  set("orthanc_last_change", snapshot.last_change_sequence());
  set("hilum_commit_queue_length", ingest.waiting());
}

void set_http(const http::Server* http) {
  if (!http) {
    return;
  }
  const http::Server::Counters counters = http->counters();
  set("orthanc_rest_api_active_requests", counters.requests_running);
  set("orthanc_available_http_threads_count",
      counters.threads - std::min<uint64_t>(counters.threads, counters.requests_running));
  set("hilum_http_connections_open", counters.connections_open);
  set("hilum_http_connections", counters.connections_total);
  set("hilum_http_rejected", counters.rejected);
}

void set_dicom(const dimse::Server& dicom) {
  const dimse::Server::Counters counters = dicom.counters();
  const uint64_t threads = dicom.options().maximum_associations;
  set("orthanc_available_dicom_threads", threads - std::min<uint64_t>(threads, counters.associations_open));
  set("hilum_dicom_associations_open", counters.associations_open);
  set("hilum_dicom_associations_rejected", counters.rejected);
  set("hilum_dicom_silent_connections_dropped", counters.silent_dropped);
}

// Gauges that clients look for; whoever has something to say sets them. There is no cache of parsed files.
void show_unused() {
  for (const char* name :
       {"orthanc_jobs_completed", "orthanc_jobs_failed", "orthanc_jobs_pending", "orthanc_jobs_running",
        "orthanc_jobs_success", "orthanc_dicom_cache_count", "orthanc_dicom_cache_size_mb"}) {
    try {
      metrics().gauge(name);
    } catch (const Error&) {
      // somebody counts it in another way
    }
  }
}

}  // namespace

void refresh_figures(const FigureSources& sources) {
  set_contents(sources.ingest);
  set_http(sources.http);
  set_dicom(sources.dicom);
  show_unused();
  const std::chrono::duration<double> up = std::chrono::steady_clock::now() - sources.started;
  set("orthanc_up_time_s", static_cast<int64_t>(up.count()));
}

}  // namespace hilum
