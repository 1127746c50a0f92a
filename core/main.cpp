// hilum: configuration -> index and storage -> ingest -> plugins -> DICOM -> HTTP -> wait -> stop in reverse.
#include <hilum/cpp/error.h>
#include <hilum/version.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

#include "core/base/log.h"
#include "core/base/log_setup.h"
#include "core/base/metrics.h"
#include "core/base/signals.h"
#include "core/config/access.h"
#include "core/config/command_line.h"
#include "core/config/configuration.h"
#include "core/dictionary.h"
#include "core/dimse/dcmtk_setup.h"
#include "core/dimse/modality_registry.h"
#include "core/dimse/scu/scu.h"
#include "core/dimse/server.h"
#include "core/events/events.h"
#include "core/http/route_documents.h"
#include "core/http/server.h"
#include "core/index/leveldb_store.h"
#include "core/index_commands.h"
#include "core/ingest/ingest.h"
#include "core/plugins/plugin_host.h"
#include "core/server_figures.h"
#include "core/settings.h"
#include "core/storage/segment_store.h"

using namespace hilum;
using config::Command;
using config::CommandLine;
using config::Configuration;

namespace {

constexpr std::chrono::seconds kPatience(10);  // for requests and associations that run when the server stops

void announce(events::EventBus& events, index::ChangeType type) {
  index::Change change;
  change.type = type;
  change.time_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  events.publish({change});
}

// The tags that the configuration adds are known before anything reads a tag's name.
std::shared_ptr<Configuration> with_dictionary(std::shared_ptr<Configuration> configuration) {
  extend_dictionary(*configuration);
  return configuration;
}

// Everything that one run of the server consists of, in the order of its start; the end goes backwards.
class Run {
 public:
  Run(std::shared_ptr<Configuration> configuration, const CommandLine& command_line, StopSignal& stop_signal)
      : configuration_(with_dictionary(std::move(configuration))),
        storage_(open_storage(*configuration_)),
        ingest_(*storage_.index, *storage_.blobs, events_, ingest_settings(*configuration_)),
        dispatcher_(dispatcher_settings(*configuration_, ingest_.spool_directory()), router_),
        modalities_(ingest_, modality_settings(*configuration_)),
        dicom_(dicom_settings(*configuration_, [this] { return modalities_.snapshot(); }), ingest_),
        scu_(scu_settings(*configuration_, dicom_), ingest_),
        plugins_(plugin_services(stop_signal)) {
    count_requests();
    dicom_.set_scu(scu_);
    if (!command_line.load_jobs) {
      configuration_->declare({"LoadJobs", config::OptionType::kBool, "false", "Loads saved jobs.", "jobs"});
    }
    if (!command_line.safe_mode) plugins_.load();
    plugins_.start_all();
    plugins_.database_identifier();  // made now if it is new: no request is to wait for that flush
    configuration_->warn_unknown(plugins_.running_names());
  }

  ~Run() {
    stopping_ = true;
    if (listening_) announce(events_, index::ChangeType::kServerStopping);
    if (http_) http_->drain(kPatience);
    dicom_.stop(kPatience);
    if (http_) http_->stop();
    events_.stop(static_cast<int>(std::chrono::milliseconds(kPatience).count()));
    plugins_.stop_all();
    scu_.close_idle();
    ingest_.stop();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void listen() {
    if (configuration_->get_bool("DicomServerEnabled")) {
      dicom_.start();
      dicom_port_ = dicom_.port();
    }
    if (configuration_->get_bool("HttpServerEnabled")) {
      http_ = std::make_unique<http::Server>(http_settings(*configuration_), dispatcher_);
      http_->start();
      http_port_ = http_->port();
      http_that_listens_ = http_.get();
    }
    listening_ = true;
    announce(events_, index::ChangeType::kServerStarted);
    log_warning(LogCategory::kGeneric, "Hilum {} has started: HTTP port {}, DICOM port {}", HILUM_VERSION,
                http_port_.load(), dicom_port_.load());
  }

  http::RouteList routes() const { return router_.routes(); }

 private:
  struct Storage {
    std::unique_ptr<index::LevelDbStore> index;
    std::unique_ptr<storage::SegmentStore> blobs;
  };

  static Storage open_storage(const Configuration& configuration) {
    const StorageSettings settings = storage_settings(configuration);
    storage::StoreOptions options;
    options.durable = settings.durable;
    options.files_layout = settings.one_file_per_blob;
    std::filesystem::create_directories(settings.storage_directory);
    std::filesystem::create_directories(settings.index_directory);
    Storage storage;
    storage.index = index::LevelDbStore::open(settings.index_directory + "/index");
    storage.blobs =
        std::make_unique<storage::SegmentStore>(settings.storage_directory, options, *storage.index);
    return storage;
  }

  plugins::PluginServices plugin_services(StopSignal& stop_signal) {
    plugins::PluginServices services{configuration_, ingest_, events_, router_, dispatcher_};
    services.http_port = [this] { return http_port_.load(); };
    services.dicom_port = [this] { return dicom_port_.load(); };
    services.stop_server = [this, &stop_signal](bool restart) {
      stopping_ = true;
      stop_signal.request(restart ? StopReason::kReset : StopReason::kShutdown);
    };
    services.is_stopping = [this] { return stopping_.load(); };
    services.refresh_metrics = [this] {
      refresh_figures({ingest_, dicom_, http_that_listens_.load(), started_});
    };
    services.dicom = &dicom_;
    services.modalities = &modalities_;
    services.scu = &scu_;
    return services;
  }

  void count_requests() {
    metrics().set_enabled(configuration_->get_bool("MetricsEnabled"));
    Timer& duration = metrics().timer("orthanc_rest_api_duration_ms");
    dispatcher_.add_metrics([&duration](const http::RequestMetrics& request) {
      duration.observe_ms(static_cast<double>(request.duration.count()) / 1000.0);
    });
  }

  std::shared_ptr<Configuration> configuration_;
  Storage storage_;
  events::EventBus events_;
  ingest::Ingest ingest_;
  http::Router router_;
  http::Dispatcher dispatcher_;
  std::atomic<uint32_t> http_port_{0};
  std::atomic<uint32_t> dicom_port_{0};
  dimse::ModalityRegistry modalities_;
  dimse::Server dicom_;  // there for its settings also if it does not listen
  dimse::Scu scu_;
  std::atomic<http::Server*> http_that_listens_{nullptr};
  std::atomic<bool> stopping_{false};
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  plugins::PluginHost plugins_;
  std::unique_ptr<http::Server> http_;
  bool listening_ = false;
};

// A hangup restarts the server only if its configuration files have changed, and can be read.
bool is_end_of_run(StopReason reason, const Configuration& configuration) {
  if (reason != StopReason::kHangup || configuration.changed_on_disk()) return true;
  log_warning(LogCategory::kGeneric, "SIGHUP: no other configuration, the server goes on");
  return false;
}

StopReason run_until_stopped(const std::shared_ptr<Configuration>& configuration,
                             const CommandLine& command_line, StopSignal& stop_signal) {
  for (const std::string& warning : config::access_rules(*configuration).warnings) {
    log_warning(LogCategory::kHttp, "{}", warning);
  }
  Run run(configuration, command_line, stop_signal);
  run.listen();
  StopReason reason;
  do {
    reason = stop_signal.wait();
  } while (!is_end_of_run(reason, *configuration));
  log_warning(LogCategory::kGeneric, "Hilum is stopping");
  return reason;
}

std::shared_ptr<Configuration> reload(const CommandLine& command_line,
                                      const std::shared_ptr<Configuration>& previous) {
  try {
    return Configuration::load(command_line.paths);
  } catch (const Error& error) {
    log_error(LogCategory::kGeneric, "the configuration cannot be read, the previous one is used again: {}",
              error.what());
    return previous;
  }
}

void set_log_levels(const CommandLine& command_line) {
  log_set_level(command_line.log_level);
  for (const auto& [category, level] : command_line.category_levels) log_set_level(category, level);
}

// A restart with a configuration that does not work falls back to the last one that did: an operator's slip must not end
// a server that runs.
int serve(const CommandLine& command_line) {
  StopSignal stop_signal;
  std::shared_ptr<Configuration> previous;
  std::shared_ptr<Configuration> configuration = Configuration::load(command_line.paths);
  for (;;) {
    try {
      if (run_until_stopped(configuration, command_line, stop_signal) == StopReason::kShutdown) {
        return config::kExitOk;
      }
    } catch (const Error& error) {
      if (!previous) throw;
      log_error(LogCategory::kGeneric,
                "the new configuration does not work, the previous one is used again: {}", error.what());
      configuration = std::exchange(previous, nullptr);
      continue;
    }
    log_warning(LogCategory::kGeneric, "Hilum starts again with its configuration read anew");
    previous = configuration;
    configuration = reload(command_line, previous);
    set_log_levels(command_line);  // what was set at run time holds until a restart
  }
}

// A folder that goes with its owner.
class ScratchFolder {
 public:
  ScratchFolder() : path_((std::filesystem::temp_directory_path() / "hilum-XXXXXX").string()) {
    if (!mkdtemp(path_.data())) throw Error(HILUM_E_CANNOT_WRITE, "no folder can be made at " + path_);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The routes are known only once the plugins have started: those of the configuration, on a storage that is thrown away.
int write_route_document(const CommandLine& command_line) {
  const ScratchFolder scratch;
  const auto configured = Configuration::load(command_line.paths);
  Json::Value options = configured->merged();
  options["StorageDirectory"] = scratch.path();
  options.removeMember("IndexDirectory");
  options.removeMember("Plugins");
  for (const std::string& path : configured->get_paths("Plugins")) options["Plugins"].append(path);
  StopSignal stop_signal;
  Run run(Configuration::parse(options.toStyledString()), command_line, stop_signal);
  const bool openapi = command_line.command == Command::kDumpOpenapi;
  config::write_output(openapi ? http::openapi_document(run.routes()) : http::cheatsheet(run.routes()),
                       command_line.output_file);
  return config::kExitOk;
}

int upgrade(const CommandLine& command_line) {
  // There is one format so far: opening the index says whether it can be used.
  const StorageSettings settings = storage_settings(*Configuration::load(command_line.paths));
  std::filesystem::create_directories(settings.index_directory);
  index::LevelDbStore::open(settings.index_directory + "/index");
  log_warning(LogCategory::kIndex, "the index has the format of this version, nothing to upgrade");
  return config::kExitOk;
}

int act(const CommandLine& command_line) {
  switch (command_line.command) {
    case Command::kHelp:
    case Command::kVersion:
    case Command::kErrors:
    case Command::kDumpConfig:
      config::write_output(command_line.output, command_line.output_file);
      return config::kExitOk;
    case Command::kDumpOpenapi:
    case Command::kDumpRoutes:
      return write_route_document(command_line);
    case Command::kUpgrade:
      return upgrade(command_line);
    case Command::kIndexCheck:
    case Command::kIndexRebuild:
      return run_index_command(command_line);
    case Command::kServe:
      return serve(command_line);
  }
  return config::kExitStartError;
}

void open_log(const CommandLine& command_line) {
  LogOptions options;
  options.file = command_line.log_file;
  options.directory = command_line.log_directory;
  options.thread_names = command_line.log_thread_names;
  log_init(options);
  set_log_levels(command_line);
  for (const std::string& warning : command_line.warnings) log_warning(LogCategory::kGeneric, "{}", warning);
}

}  // namespace

int main(int argc, char** argv) {
  block_stop_signals();
  set_thread_name("main");
  try {
    const CommandLine command_line = config::parse_command_line(argc, argv);
    open_log(command_line);
    dimse::configure_dcmtk();
    const int exit_code = act(command_line);
    log_close();
    return exit_code;
  } catch (const Error& error) {
    log_error(LogCategory::kGeneric, "Uncaught exception, stopping now: [{}] (code {})", error.what(),
              error.code());
  } catch (const std::exception& error) {
    log_error(LogCategory::kGeneric, "Uncaught exception, stopping now: [{}] (code {})", error.what(),
              static_cast<int>(HILUM_E_INTERNAL));
  }
  log_close();
  return config::kExitStartError;
}
