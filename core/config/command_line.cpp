#include "core/config/command_line.h"

#include <hilum/cpp/error.h>
#include <hilum/version.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>

#include "core/base/files.h"
#include "core/config/options.h"

namespace hilum::config {
namespace {

constexpr std::array<LogCategory, 7> kCategories = {
    LogCategory::kGeneric, LogCategory::kPlugins, LogCategory::kHttp, LogCategory::kIndex,
    LogCategory::kDicom,   LogCategory::kJobs,    LogCategory::kLua};

constexpr const char* kFooter =
    "--verbose-CATEGORY and --trace-CATEGORY do the same for one category of the log: generic, plugins, "
    "http,\n"
    "sqlite (the index), dicom, jobs, lua. Options that are not known are handed to the plugins.\n"
    "Without a path, all options have their defaults. Documentation of the options: hilum --config=-\n"
    "Signals: TERM, INT and QUIT stop the server, HUP restarts it if its configuration files have changed.";

constexpr const char* kIndexFooter = "Takes the paths and the options of hilum, too: see hilum --help";

std::string error_table() {
  std::string table = "Code  HTTP  Meaning\n";
  const auto row = [&table](int number, int http, const char* message) {
    table += fmt::format("{:>4}  {:>4}  {}\n", number, http, message);
  };
#define HILUM_ROW_(name, number, http, message) row(number, http, message);
  HILUM_STATUS_TABLE(HILUM_ROW_)
#undef HILUM_ROW_
  return table;
}

// The definitions, bound to the result. `trigger_on_parse` makes CLI11 call back in the order of the command
// line, so that a later --verbose overrides an earlier --trace-http.
class Parser {
 public:
  explicit Parser(CommandLine& result) : result_(result) {
    app_.name("hilum");
    app_.set_help_flag();
    app_.allow_extras();
    app_.footer(kFooter);
    app_.add_option("paths", result.paths, "configuration: JSON files, or folders of such")->option_text("");
    add_information();
    add_logging();
    add_index();
    flag("--upgrade", "bring the index to the version of this program, then exit",
         [this] { result_.command = Command::kUpgrade; });
    flag("--no-jobs", "do not load the jobs saved at the last stop", [this] { result_.load_jobs = false; });
    flag("--safe-mode", "start without any plugin", [this] { result_.safe_mode = true; });
  }

  void parse(const std::vector<std::string>& arguments) {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend() - 1);
    try {
      app_.parse(std::move(reversed));
    } catch (const CLI::ParseError& error) {
      throw Error(HILUM_E_OUT_OF_RANGE, std::string("command line: ") + error.what() + " (see hilum --help)");
    }
    for (const std::string& unknown : app_.remaining(true)) {
      const bool category = unknown.rfind("--verbose-", 0) == 0 || unknown.rfind("--trace-", 0) == 0;
      result_.warnings.push_back(category ? "unknown category of the log in option: " + unknown
                                          : "option unsupported by the core: " + unknown);
    }
    if (result_.command == Command::kHelp) {
      result_.output = app_.help();
    }
  }

 private:
  CLI::Option* flag(const std::string& name, const std::string& description, std::function<void()> action) {
    return app_.add_flag_callback(name, std::move(action), description)->trigger_on_parse();
  }

  CLI::Option* value(const std::string& name, const std::string& kind, const std::string& description,
                     const std::function<void(const std::string&)>& action) {
    return app_.add_option_function<std::string>(name, action, description)
        ->trigger_on_parse()
        ->option_text(kind);
  }

  void dump(const std::string& name, const std::string& description, Command command) {
    value(name, "FILE", description, [this, command](const std::string& file) {
      result_.command = command;
      result_.output_file = file;
    });
  }

  void add_information() {
    flag("--help,-h", "print this", [this] { result_.command = Command::kHelp; });
    flag("--version", "print the version", [this] {
      result_.command = Command::kVersion;
      result_.output = "Hilum " HILUM_VERSION "\n";
    });
    flag("--errors", "print the error codes", [this] {
      result_.command = Command::kErrors;
      result_.output = error_table();
    });
    dump("--config", "write all options with their documentation to FILE (-: standard output)",
         Command::kDumpConfig);
    dump("--openapi", "write the description of the REST API (OpenAPI 3) to FILE", Command::kDumpOpenapi);
    dump("--cheatsheet", "write the table of REST routes (CSV) to FILE", Command::kDumpRoutes);
  }

  void add_logging() {
    value("--logdir", "FOLDER", "write a new log file in FOLDER",
          [this](const std::string& folder) { result_.log_directory = folder; });
    value("--logfile", "FILE", "append the log to FILE",
          [this](const std::string& file) { result_.log_file = file; });
    flag("--logs-no-thread", "leave the names of threads out of the log",
         [this] { result_.log_thread_names = false; });
    add_level("verbose", "log what happens", LogLevel::kInfo);
    add_level("trace", "log in every detail; may contain names of patients", LogLevel::kTrace);
  }

  void add_level(const std::string& name, const std::string& description, LogLevel level) {
    flag("--" + name, description, [this, level] {
      result_.log_level = level;
      result_.category_levels.clear();
    });
    for (const LogCategory category : kCategories) {
      flag("--" + name + "-" + std::string(log_category_name(category)), "", [this, category, level] {
        result_.category_levels.emplace_back(category, level);
      })->group("");  // the footer describes them in one sentence
    }
  }

  void add_index() {
    CLI::App* const index = app_.add_subcommand("index", "look after the index while the server is stopped");
    index->require_subcommand(0, 1);
    index->fallthrough();
    index->set_help_flag();
    index->footer(kIndexFooter);
    index->callback([this, index] {
      if (index->get_subcommands().empty() && result_.command == Command::kServe) {
        throw CLI::RequiredError("check or rebuild");
      }
    });
    const auto add = [&](const char* name, const char* description, Command command) {
      CLI::App* const action = index->add_subcommand(name, description);
      action->fallthrough();
      action->set_help_flag();
      action->footer(kIndexFooter);
      action->callback([this, command] {
        if (result_.command == Command::kServe) {  // else --help and its like
          result_.command = command;
        }
      });
    };
    add("check", "compare the index with the stored files; changes nothing", Command::kIndexCheck);
    add("rebuild", "make the index anew from the stored files", Command::kIndexRebuild);
  }

  CommandLine& result_;
  CLI::App app_{"Hilum, a DICOM server with a REST API."};
};

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  CommandLine result;
  result.arguments.assign(argv, argv + argc);
  if (argc > 0) {
    Parser(result).parse(result.arguments);
  }
  if (result.command == Command::kDumpConfig) {
    result.output = documented_configuration();
  }
  return result;
}

void write_output(const std::string& output, const std::string& output_file) {
  if (!output_file.empty() && output_file != "-") {
    write_file(output_file, output);
    return;
  }
  if (std::fwrite(output.data(), 1, output.size(), stdout) != output.size() || std::fflush(stdout) != 0) {
    throw Error(HILUM_E_CANNOT_WRITE, "standard output");
  }
}

}  // namespace hilum::config
