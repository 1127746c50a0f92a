#include "core/config/command_line.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

namespace hilum::config {
namespace {

CommandLine parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "hilum");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CommandLineTest, NothingServesWithDefaults) {
  const CommandLine line = parse({});
  EXPECT_EQ(Command::kServe, line.command);
  EXPECT_TRUE(line.paths.empty());
  EXPECT_EQ(LogLevel::kWarning, line.log_level);
  EXPECT_TRUE(line.log_thread_names);
  EXPECT_TRUE(line.load_jobs);
  EXPECT_FALSE(line.safe_mode);
}

TEST(CommandLineTest, PathsAndSwitches) {
  const CommandLine line = parse(
      {"a.json", "--logdir=/tmp/x", "--no-jobs", "b", "--logs-no-thread", "--safe-mode", "--logfile=/tmp/y"});
  EXPECT_EQ((std::vector<std::string>{"a.json", "b"}), line.paths);
  EXPECT_EQ("/tmp/x", line.log_directory);
  EXPECT_EQ("/tmp/y", line.log_file);
  EXPECT_FALSE(line.load_jobs);
  EXPECT_FALSE(line.log_thread_names);
  EXPECT_TRUE(line.safe_mode);
  EXPECT_TRUE(line.warnings.empty());
  EXPECT_EQ(8u, line.arguments.size());
}

TEST(CommandLineTest, LaterLevelsOverrideEarlierOnes) {
  const CommandLine first = parse({"--trace-http", "--verbose"});
  EXPECT_EQ(LogLevel::kInfo, first.log_level);
  EXPECT_TRUE(first.category_levels.empty());

  const CommandLine second = parse({"--trace", "--verbose-sqlite", "--trace-lua"});
  EXPECT_EQ(LogLevel::kTrace, second.log_level);
  const std::vector<std::pair<LogCategory, LogLevel>> expected = {{LogCategory::kIndex, LogLevel::kInfo},
                                                                  {LogCategory::kLua, LogLevel::kTrace}};
  EXPECT_EQ(expected, second.category_levels);
}

TEST(CommandLineTest, UnknownOptionsOnlyWarn) {
  const CommandLine line = parse({"--verbose-teapot", "-x", "--foo=bar", "a.json"});
  EXPECT_EQ(Command::kServe, line.command);
  EXPECT_EQ(std::vector<std::string>{"a.json"}, line.paths);
  const std::vector<std::string> expected = {"unknown category of the log in option: --verbose-teapot",
                                             "option unsupported by the core: -x",
                                             "option unsupported by the core: --foo=bar"};
  EXPECT_EQ(expected, line.warnings);
}

TEST(CommandLineTest, Information) {
  EXPECT_EQ(Command::kHelp, parse({"--help"}).command);
  EXPECT_NE(std::string::npos, parse({"--help"}).output.find("--logdir"));
  EXPECT_EQ(0u, parse({"--version"}).output.find("Hilum "));
  EXPECT_NE(std::string::npos, parse({"--errors"}).output.find("2009"));
  const CommandLine dump = parse({"--config=-"});
  EXPECT_EQ(Command::kDumpConfig, dump.command);
  EXPECT_EQ("-", dump.output_file);
  EXPECT_NE(std::string::npos, dump.output.find("\"HttpPort\": 8042"));
  EXPECT_EQ(Command::kDumpOpenapi, parse({"--openapi=x"}).command);
  EXPECT_EQ(Command::kUpgrade, parse({"--upgrade", "a.json"}).command);
  EXPECT_THROW(parse({"--logdir"}), Error);
  EXPECT_THROW(parse({"--config"}), Error);
}

TEST(CommandLineTest, IndexCommands) {
  const CommandLine check = parse({"index", "check", "a.json", "b.json"});
  EXPECT_EQ(Command::kIndexCheck, check.command);
  EXPECT_EQ((std::vector<std::string>{"a.json", "b.json"}), check.paths);
  const CommandLine rebuild = parse({"--verbose", "index", "rebuild", "--logfile=x", "conf"});
  EXPECT_EQ(Command::kIndexRebuild, rebuild.command);
  EXPECT_EQ("x", rebuild.log_file);
  EXPECT_EQ(std::vector<std::string>{"conf"}, rebuild.paths);
  EXPECT_THROW(parse({"index"}), Error);
  for (const std::vector<const char*>& arguments : {std::vector<const char*>{"index", "--help"},
                                                    {"index", "check", "--help"},
                                                    {"-h", "index", "rebuild"}}) {
    const CommandLine help = parse(arguments);
    EXPECT_EQ(help.command, Command::kHelp);
    EXPECT_NE(help.output.find("index"), std::string::npos) << help.output;
  }
}

TEST(CommandLineTest, OutputThatCannotBeWrittenIsAnError) {
  EXPECT_THROW(write_output("x", "/nonexistent/file"), Error);
}

}  // namespace
}  // namespace hilum::config
