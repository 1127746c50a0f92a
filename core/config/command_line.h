// The command line of `hilum`, parsed but not acted upon.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.h"

namespace hilum::config {

enum class Command {
  kServe,
  kHelp,  // print `output`, exit 0; also kVersion, kErrors
  kVersion,
  kErrors,
  kDumpConfig,    // write `output` to `output_file` ("-": standard output), exit 0
  kDumpOpenapi,   // --openapi=FILE: routes are known only after plugins started; main writes them
  kDumpRoutes,    // --cheatsheet=FILE
  kUpgrade,       // upgrade the index, exit 0 without serving
  kIndexCheck,    // hilum index check [paths]
  kIndexRebuild,  // hilum index rebuild [paths]
};

struct CommandLine {
  Command command = Command::kServe;
  std::vector<std::string> paths;  // configuration files and folders
  std::string output;              // text of kHelp, kVersion, kErrors, kDumpConfig
  std::string output_file;         // of the kDump... commands
  LogLevel log_level = LogLevel::kWarning;
  std::vector<std::pair<LogCategory, LogLevel>> category_levels;  // to apply after log_level
  std::string log_directory;
  std::string log_file;
  bool log_thread_names = true;
  bool load_jobs = true;               // --no-jobs: false
  bool safe_mode = false;              // --safe-mode: start without plugins
  std::vector<std::string> warnings;   // unknown options and categories: log them, go on
  std::vector<std::string> arguments;  // all, program name first: plugins may ask for them
};

// Throws Error(HILUM_E_OUT_OF_RANGE) when an option lacks its value. Exit code of such errors:
// kExitStartError.
CommandLine parse_command_line(int argc, const char* const* argv);

// Writes `output` where the command line says. Throws HILUM_E_CANNOT_WRITE.
void write_output(const std::string& output, const std::string& output_file);

constexpr int kExitOk = 0;
constexpr int kExitStartError = 255;

}  // namespace hilum::config
