#include "core/base/log.h"

#include <fcntl.h>
#include <hilum/cpp/error.h>
#include <pthread.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <memory>

#include "core/base/files.h"
#include "core/base/log_escape.h"
#include "core/base/log_setup.h"
#include "core/base/metrics.h"

namespace hilum {
namespace {

constexpr size_t kCategories = 7;
constexpr size_t kMaxText = 16 * 1024;  // journald splits lines at 48 KB; nobody reads longer ones
constexpr std::array<std::string_view, kCategories> kRestNames = {"generic", "plugins", "http", "sqlite",
                                                                  "dicom",   "jobs",    "lua"};
constexpr std::array<std::string_view, kCategories> kLineNames = {"generic", "plugins", "http", "index",
                                                                  "dicom",   "jobs",    "lua"};

std::array<std::atomic<LogLevel>, kCategories> g_levels = {
    LogLevel::kWarning, LogLevel::kWarning, LogLevel::kWarning, LogLevel::kWarning,
    LogLevel::kWarning, LogLevel::kWarning, LogLevel::kWarning};
std::atomic<bool> g_thread_names{true};

thread_local std::string t_thread_name;
thread_local std::string t_context;  // " key=value key=value"

// Where lines go. Immutable once built; log_init() puts a new one in its place.
struct Destination {
  std::unique_ptr<spdlog::logger> logger;
  bool journal = false;
};

std::shared_ptr<Destination> make_destination(spdlog::sink_ptr sink, bool journal) {
  auto destination = std::make_shared<Destination>();
  destination->logger = std::make_unique<spdlog::logger>("hilum", std::move(sink));
  destination->logger->set_pattern(journal ? "%v" : "%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v");
  destination->logger->set_level(spdlog::level::trace);
  destination->logger->flush_on(spdlog::level::trace);  // what was logged is there after a crash
  destination->journal = journal;
  return destination;
}

std::shared_ptr<Destination> make_stderr_destination(bool journal) {
  if (journal) {
    return make_destination(std::make_shared<spdlog::sinks::stderr_sink_mt>(), true);
  }
  return make_destination(std::make_shared<spdlog::sinks::stderr_color_sink_mt>(), false);
}

// Never destroyed: other threads may log until the very end of the process.
std::shared_ptr<Destination>& destination() {
  static auto& current = *new std::shared_ptr<Destination>(make_stderr_destination(false));
  return current;
}

// systemd names the device and inode of the stream that it connected; after a redirection they no longer
// match.
bool stderr_is_journal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat facts {};
  return stream != nullptr && fstat(STDERR_FILENO, &facts) == 0 &&
         std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino) == stream;
}

// Creates Hilum.log.<time>.<pid> in the folder and makes the link Hilum.log point to it.
std::string log_file_in(const std::string& directory) {
  struct stat facts {};
  if (stat(directory.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) {
    throw Error(HILUM_E_DIRECTORY_EXPECTED, "--logdir: there is no folder " + directory);
  }
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
  const std::string name = fmt::format("Hilum.log.{}.{}", stamp, getpid());
  const std::string link = directory + "/Hilum.log";
  const std::string draft = link + "." + std::to_string(getpid()) + ".link";
  unlink(draft.c_str());
  if (symlink(name.c_str(), draft.c_str()) != 0 || rename(draft.c_str(), link.c_str()) != 0) {
    throw Error(HILUM_E_CANNOT_WRITE, "--logdir: cannot create the link " + link);
  }
  return directory + "/" + name;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kInfo:
      return spdlog::level::info;
    default:
      return spdlog::level::trace;
  }
}

// sd-daemon(3): the syslog priority of a line on stderr.
std::string_view journal_prefix(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return "<3>";
    case LogLevel::kWarning:
      return "<4>";
    case LogLevel::kInfo:
      return "<6>";
    default:
      return "<7>";
  }
}

std::string_view thread_name() {
  if (t_thread_name.empty()) {
    t_thread_name = "thread-" + std::to_string(gettid());
  }
  return t_thread_name;
}

}  // namespace

void log_init(const LogOptions& options) {
  std::shared_ptr<Destination> next;
  const std::string file = options.directory.empty() ? options.file : log_file_in(options.directory);
  if (!file.empty()) {
    open_file(file,
              O_WRONLY | O_CREAT | O_APPEND);  // says why it cannot; spdlog would create missing folders
    next = make_destination(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file), false);
  } else {
    next = make_stderr_destination(options.journal == LogOptions::Journal::kOn ||
                                   (options.journal == LogOptions::Journal::kDetect && stderr_is_journal()));
  }
  g_thread_names.store(options.thread_names, std::memory_order_relaxed);
  std::atomic_store(&destination(), next);
}

void log_close() {
  std::atomic_load(&destination())->logger->flush();
  std::atomic_store(&destination(), make_stderr_destination(stderr_is_journal()));
}

void set_thread_name(std::string_view name) {
  t_thread_name = name;
  pthread_setname_np(pthread_self(), std::string(name.substr(0, 15)).c_str());
}

bool log_enabled(LogCategory category, LogLevel level) {
  return level <= g_levels[static_cast<size_t>(category)].load(std::memory_order_relaxed);
}

void log_write(LogCategory category, LogLevel level, std::string_view text) {
  if (!log_enabled(category, level)) {
    return;
  }
  if (level <= LogLevel::kWarning) {
    static Counter& warnings = metrics().counter("orthanc_logged_warnings_count");
    warnings.add();
  }
  const std::shared_ptr<Destination> target = std::atomic_load(&destination());
  std::string line;
  line.reserve(text.size() + 128);
  if (target->journal) {
    line += journal_prefix(level);
  }
  line += kLineNames[static_cast<size_t>(category)];
  if (g_thread_names.load(std::memory_order_relaxed)) {
    line += ' ';
    line += thread_name();
  }
  line += t_context;
  line += ": ";
  append_escaped(line, text.substr(0, kMaxText));
  if (text.size() > kMaxText) {
    line += fmt::format(" ... ({} bytes in all)", text.size());
  }
  target->logger->log(spdlog_level(level), line);
}

void log_set_level(LogCategory category, LogLevel level) {
  g_levels[static_cast<size_t>(category)].store(level, std::memory_order_relaxed);
}

void log_set_level(LogLevel level) {
  for (auto& one : g_levels) {
    one.store(level, std::memory_order_relaxed);
  }
}

LogLevel log_level(LogCategory category) {
  return g_levels[static_cast<size_t>(category)].load(std::memory_order_relaxed);
}

std::string_view log_category_name(LogCategory category) { return kRestNames[static_cast<size_t>(category)]; }

LogContext::LogContext(std::string_view key, std::string_view value) : length_before_(t_context.size()) {
  t_context += ' ';
  append_escaped(t_context, key);
  t_context += '=';
  const bool quote = value.empty() || value.find_first_of(" \"=") != std::string_view::npos;
  t_context += quote ? "\"" : "";
  append_escaped(t_context, value.substr(0, 256));
  t_context += quote ? "\"" : "";
}

LogContext::~LogContext() { t_context.resize(length_before_); }

}  // namespace hilum
