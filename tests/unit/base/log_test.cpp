#include "core/base/log.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <regex>
#include <thread>

#include "core/base/files.h"
#include "core/base/log_escape.h"
#include "core/base/log_setup.h"
#include "core/base/metrics.h"
#include "core/base/uuid.h"

namespace hilum {
namespace {

class Log : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("hilum-log-" + Uuid::generate().text());
    std::filesystem::create_directory(folder_);
    log_set_level(LogLevel::kWarning);
    set_thread_name("tester");
  }
  void TearDown() override {
    log_close();
    log_set_level(LogLevel::kWarning);
    std::filesystem::remove_all(folder_);
  }
  std::string file() const { return folder_ / "test.log"; }
  std::string written() const { return read_file(file(), 1 << 20); }

  std::filesystem::path folder_;
};

TEST_F(Log, LineHasTimeLevelCategoryThreadContextAndText) {
  LogOptions options;
  options.file = file();
  log_init(options);
  {
    const LogContext aet("aet", "MY MODALITY");
    const LogContext job("job", "12");
    log_error(LogCategory::kDicom, "stored {} bytes", 42);
  }
  log_warning(LogCategory::kIndex, "slow");
  const std::regex expected(
      R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} error   dicom tester aet="MY MODALITY" job=12: stored 42 bytes\n)"
      R"(\S+ \S+ warning index tester: slow\n)");
  EXPECT_TRUE(std::regex_match(written(), expected)) << written();
}

TEST_F(Log, LevelsAreKeptPerCategory) {
  LogOptions options;
  options.file = file();
  log_init(options);
  log_set_level(LogCategory::kHttp, LogLevel::kTrace);
  log_trace(LogCategory::kHttp, "seen");
  log_info(LogCategory::kDicom, "unseen");
  EXPECT_FALSE(log_enabled(LogCategory::kDicom, LogLevel::kInfo));
  EXPECT_EQ(LogLevel::kTrace, log_level(LogCategory::kHttp));
  EXPECT_NE(std::string::npos, written().find(": seen\n"));
  EXPECT_EQ(std::string::npos, written().find("unseen"));
}

TEST_F(Log, TextFromOutsideCannotForgeALine) {
  LogOptions options;
  options.file = file();
  options.thread_names = false;
  log_init(options);
  const LogContext context("aet", "A\nB");
  log_error(LogCategory::kDicom, "name \x1b[31m\r\nerror fake\x7f \xff");
  const std::string line = written();
  EXPECT_EQ(1, std::count(line.begin(), line.end(), '\n'));
  EXPECT_NE(std::string::npos, line.find("dicom aet=A\\nB: name \\x1b[31m\\r\\nerror fake\\x7f \\xff\n"))
      << line;
}

TEST_F(Log, LongTextIsCut) {
  LogOptions options;
  options.file = file();
  log_init(options);
  log_write(LogCategory::kGeneric, LogLevel::kError, std::string(1 << 20, 'x'));
  EXPECT_LT(written().size(), 20000u);
  EXPECT_NE(std::string::npos, written().find("(1048576 bytes in all)"));
}

TEST_F(Log, FolderGetsAFileAndALink) {
  LogOptions options;
  options.directory = folder_;
  log_init(options);
  log_error(LogCategory::kGeneric, "hello");
  const std::string target = std::filesystem::read_symlink(folder_ / "Hilum.log");
  EXPECT_TRUE(std::regex_match(target, std::regex(R"(Hilum\.log\.\d{8}-\d{6}\.)" + std::to_string(getpid()))))
      << target;
  EXPECT_NE(std::string::npos, read_file(folder_ / "Hilum.log", 1 << 20).find("hello"));
}

TEST_F(Log, PlacesThatCannotBeWrittenAreErrors) {
  LogOptions options;
  options.file = folder_ / "missing" / "x.log";
  EXPECT_THROW(log_init(options), Error);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "missing"));
  options.directory = folder_ / "missing";
  EXPECT_THROW(log_init(options), Error);
}

TEST_F(Log, JournalLinesHavePriorityAndNoTime) {
  LogOptions options;
  options.journal = LogOptions::Journal::kOn;
  ::testing::internal::CaptureStderr();
  log_init(options);
  log_error(LogCategory::kGeneric, "bad");
  log_warning(LogCategory::kGeneric, "hm");
  EXPECT_EQ("<3>generic tester: bad\n<4>generic tester: hm\n", ::testing::internal::GetCapturedStderr());
}

TEST_F(Log, JournalIsRecognisedByItsStream) {
  ::testing::internal::CaptureStderr();
  struct stat facts {};
  fstat(STDERR_FILENO, &facts);
  setenv("JOURNAL_STREAM", (std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino)).c_str(), 1);
  log_init({});
  log_error(LogCategory::kGeneric, "bad");
  setenv("JOURNAL_STREAM", "1:1", 1);
  log_init({});
  log_error(LogCategory::kGeneric, "worse");
  unsetenv("JOURNAL_STREAM");
  const std::string out = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(0u, out.find("<3>generic tester: bad\n2")) << out;
  EXPECT_EQ(std::string::npos, out.find("<3>", 3)) << out;
}

TEST_F(Log, ManyThreadsMayLogWhileTheDestinationChanges) {
  LogOptions options;
  options.file = file();
  ::testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int n = 0; n < 200; ++n) {
        log_error(LogCategory::kJobs, "line");
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    log_init(options);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  log_close();
  const std::string all = written() + ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(800, std::count(all.begin(), all.end(), '\n'));
}

TEST(LogEscape, Utf8StaysAndTheRestBecomesHex) {
  const auto escaped = [](std::string_view text) {
    std::string out;
    append_escaped(out, text);
    return out;
  };
  EXPECT_EQ("Müller 山田 \xf0\x9f\x98\x80", escaped("Müller 山田 \xf0\x9f\x98\x80"));
  EXPECT_EQ("\\xc2\\x9b", escaped("\xc2\x9b"));           // CSI, a C1 control character
  EXPECT_EQ("\\xed\\xa0\\x80", escaped("\xed\xa0\x80"));  // a surrogate
  EXPECT_EQ("\\xc0\\xaf", escaped("\xc0\xaf"));           // overlong
  EXPECT_EQ("\\xe5\\xb1", escaped("\xe5\xb1"));           // cut off
  EXPECT_EQ("a\\tb\\x00", escaped(std::string_view("a\tb\0", 4)));
}

}  // namespace
}  // namespace hilum
