// hilum.log/1
#include <hilum/cpp/host.h>
#include <hilum/dicom/charset.h>
#include <hilum/log.h>

#include "core/base/log.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

LogLevel log_level_of(uint32_t level) {
  switch (level) {
    case HILUM_LOG_ERROR:
      return LogLevel::kError;
    case HILUM_LOG_WARNING:
      return LogLevel::kWarning;
    case HILUM_LOG_INFO:
      return LogLevel::kInfo;
    default:  // unknown levels are those of later versions: finer ones
      return LogLevel::kTrace;
  }
}

// Leaves the thread's error alone: a plugin may log between a failure and last_error.
void write(const hilum_host* host, uint32_t level, hilum_text line) {
  try {
    const LogContext context("plugin", plugin_of(host).name());
    log_write(LogCategory::kPlugins, log_level_of(level), dicom::drop_invalid_utf8(to_view(line)));
  } catch (...) {  // no memory: the line is lost
  }
}

int32_t enabled(const hilum_host*, uint32_t level) {
  return log_enabled(LogCategory::kPlugins, log_level_of(level)) ? 1 : 0;
}

const hilum_log_v1 kTable = {&write, &enabled};

}  // namespace

const void* log_table() { return &kTable; }

}  // namespace hilum::plugins
