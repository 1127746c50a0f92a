// Logging: levels, categories and structured context, to the terminal, a file or the journal.
//
// Every line has a level, a category and the context of the thread that wrote it (peer AET, address, job,
// request):
//   LogContext context("aet", calling_aet);          // for the lifetime of the object, on this thread
//   log_info(LogCategory::kDicom, "stored {} ({} bytes)", sop_instance_uid, size);
// Never log patient names, passwords or other personal data above the trace level.
// All functions may be called from every thread.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace hilum {

enum class LogLevel { kError, kWarning, kInfo, kTrace };
// The categories that clients of /tools/log-level-{category} know. kIndex is named "sqlite" there.
enum class LogCategory { kGeneric, kPlugins, kHttp, kIndex, kDicom, kJobs, kLua };

// Is a line of this level and category written at all? Cheap: test it before building an expensive text.
bool log_enabled(LogCategory category, LogLevel level);
// Writes one line. `text` must be UTF-8; control characters are escaped, so that no input can forge a line.
void log_write(LogCategory category, LogLevel level, std::string_view text);

// Sets how much is written: kWarning is "default", kInfo "verbose", kTrace "trace". Takes effect at once.
void log_set_level(LogCategory category, LogLevel level);
void log_set_level(LogLevel level);  // of all categories
LogLevel log_level(LogCategory category);
std::string_view log_category_name(LogCategory category);

// Adds key=value to every line that this thread writes while the object lives. Nests.
class LogContext {
 public:
  LogContext(std::string_view key, std::string_view value);
  ~LogContext();
  LogContext(const LogContext&) = delete;
  LogContext& operator=(const LogContext&) = delete;

 private:
  size_t length_before_;
};

template <typename... Args>
void log_error(LogCategory category, fmt::format_string<Args...> format, Args&&... args) {
  log_write(category, LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(LogCategory category, fmt::format_string<Args...> format, Args&&... args) {
  log_write(category, LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(LogCategory category, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(category, LogLevel::kInfo)) {
    log_write(category, LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
  }
}
template <typename... Args>
void log_trace(LogCategory category, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(category, LogLevel::kTrace)) {
    log_write(category, LogLevel::kTrace, fmt::format(format, std::forward<Args>(args)...));
  }
}

}  // namespace hilum
