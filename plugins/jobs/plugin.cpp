// The jobs plugin: the job engine, which other plugins use as a service, and /jobs.
#include "plugin.h"

#include <hilum/cpp/plugin.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace hilum::jobs {

namespace {

// The records of the server's index.
class IndexStore : public RecordStore {
 public:
  explicit IndexStore(Host host) : records_(host, "jobs") {}
  std::vector<std::pair<std::string, std::string>> all() const override {
    std::vector<std::pair<std::string, std::string>> all;
    records_.scan({}, [&](std::string_view key, std::string_view value) { all.emplace_back(key, value); });
    return all;
  }
  void write(const std::vector<Change>& changes) override { records_.write(changes); }

 private:
  Records records_;
};

size_t size_of(const Config& config, const char* name) {
  return static_cast<size_t>(std::max<int64_t>(config.integer(name), 0));
}

// Of the threads that answer requests.
size_t most_streams(const Config& config) {
  return std::max<size_t>(size_of(config, "HttpThreadsCount") / 4, 1);
}

EngineOptions options_of(const Config& config) {
  EngineOptions options;
  options.threads = size_of(config, "ConcurrentJobs");
  if (options.threads == 0) {
    options.threads = std::max(std::thread::hardware_concurrency(), 1u);
  }
  options.history = size_of(config, "JobsHistorySize");
  options.outputs = size_of(config, "MediaArchiveSize");
  options.maximum_unfinished = size_of(config, "MaximumUnfinishedJobs");
  const size_t threads = size_of(config, "HttpThreadsCount");
  options.maximum_waiting = threads > 3 ? threads - 2 : 1;
  return options;
}

std::unique_ptr<RecordStore> store_of(Host host, const Config& config) {
  return config.boolean("SaveJobs") ? std::make_unique<IndexStore>(host) : nullptr;
}

Surroundings surroundings_of(Host host, const Log& log, const Metrics& metrics) {
  Surroundings around;
  around.host = host.get();
  around.error_of = [host](int32_t status) { return host.last_error(status); };
  around.log = [log](hilum_log_level level, const std::string& line) {
    switch (level) {
      case HILUM_LOG_ERROR:
        return log.error(line);
      case HILUM_LOG_WARNING:
        return log.warning(line);
      default:
        return log.info(line);
    }
  };
  around.counted = [metrics](const Counts& counts) {
    const auto set = [&](const char* name, size_t value) { metrics.set(name, static_cast<double>(value)); };
    set("orthanc_jobs_pending", counts[HILUM_JOB_PENDING]);
    set("orthanc_jobs_running", counts[HILUM_JOB_RUNNING]);
    set("orthanc_jobs_success", counts[HILUM_JOB_SUCCESS]);
    set("orthanc_jobs_failed", counts[HILUM_JOB_FAILURE]);
    set("orthanc_jobs_completed", counts[HILUM_JOB_SUCCESS] + counts[HILUM_JOB_FAILURE]);
    set("hilum_jobs_paused", counts[HILUM_JOB_PAUSED]);
    set("hilum_jobs_retry", counts[HILUM_JOB_RETRY]);
  };
  return around;
}

}  // namespace

Plugin::Plugin(Host host)
    : host_(host),
      log_(host),
      metrics_(host),
      engine_(options_of(Config(host)), store_of(host, Config(host)), surroundings_of(host, log_, metrics_)),
      table_(make_table(*this)),
      streams_(engine_, most_streams(Config(host))),
      routes_(host),
      events_(host) {
  if (Config(host).json("LoadJobs").value_or("true") == "true") {
    engine_.load();
  } else {
    engine_.forget_saved();
  }
  add_routes();
  // Jobs of the previous run go on once every plugin has said which types it has.
  events_.listen([this](const hilum_event& event) {
    if (event.type == HILUM_EVENT_SERVER_STARTED) {
      engine_.start();
    } else if (event.type == HILUM_EVENT_SERVER_STOPPING) {
      engine_.begin_stop();
    }
  });
}

const void* Plugin::service(const char* id) const {
  return std::string_view(id) == HILUM_JOBS_DRAFT ? &table_ : nullptr;
}

}  // namespace hilum::jobs

HILUM_PLUGIN(hilum::jobs::Plugin, "jobs", HILUM_VERSION, "Long work as jobs: /jobs, and the engine behind it")
