// bytes.h, uuid.h, metrics.h, files.h, signals.h
#include <fcntl.h>
#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <thread>

#include "core/base/bytes.h"
#include "core/base/files.h"
#include "core/base/metrics.h"
#include "core/base/signals.h"
#include "core/base/uuid.h"

namespace hilum {
namespace {

int32_t code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return HILUM_OK;
}

TEST(Bytes, IntegersInBothOrders) {
  std::string bytes;
  append_be<uint32_t>(bytes, 0x01020304);
  append_le<uint16_t>(bytes, 0x0506);
  append_be<uint8_t>(bytes, 0x07);
  append_be<uint64_t>(bytes, 0x08090a0b0c0d0e0f);
  EXPECT_EQ(std::string("\1\2\3\4\6\5\7\10\11\12\13\14\15\16\17", 15), bytes);
  ByteReader reader(bytes);
  EXPECT_EQ(0x01020304u, reader.take_be<uint32_t>());
  EXPECT_EQ(0x0506u, reader.take_le<uint16_t>());
  EXPECT_EQ(7u, reader.take_be<uint8_t>());
  EXPECT_EQ(0x08090a0b0c0d0e0fu, reader.take_be<uint64_t>());
  EXPECT_TRUE(reader.empty());
  EXPECT_EQ(std::nullopt, reader.take_le<uint16_t>());
}

TEST(Bytes, VarintsRoundTripAndRefuseNonsense) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{300}, ~uint64_t{0}}) {
    std::string bytes;
    append_varint(bytes, value);
    ByteReader reader(bytes);
    EXPECT_EQ(value, reader.take_varint());
    EXPECT_TRUE(reader.empty());
  }
  ByteReader cut("\x80");
  EXPECT_EQ(std::nullopt, cut.take_varint());
  EXPECT_EQ(1u, cut.rest().size());
  ByteReader too_large("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
  EXPECT_EQ(std::nullopt, too_large.take_varint());
}

TEST(Bytes, SizedStringsAreBounded) {
  std::string bytes;
  append_sized(bytes, "hello");
  ByteReader reader(bytes);
  EXPECT_EQ("hello", reader.take_sized());
  ByteReader lying(
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
      "abc");
  EXPECT_EQ(std::nullopt, lying.take_sized());
  EXPECT_EQ(13u, lying.rest().size());
}

TEST(UuidTest, IsVersion7AndOrdered) {
  std::string last;
  for (int i = 0; i < 20000; ++i) {  // more than a millisecond's worth of the counter
    const std::string text = Uuid::generate().text();
    ASSERT_EQ(36u, text.size());
    ASSERT_EQ('7', text[14]);
    ASSERT_NE(std::string::npos, std::string("89ab").find(text[19]));
    ASSERT_LT(last, text);
    last = text;
  }
}

TEST(UuidTest, IsUniqueAcrossThreads) {
  std::vector<std::vector<std::string>> made(4);
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&mine] {
      for (int i = 0; i < 2000; ++i) {
        mine.emplace_back(Uuid::generate().view());
      }
    });
  }
  std::set<std::string> all;
  for (size_t i = 0; i < threads.size(); ++i) {
    threads[i].join();
    all.insert(made[i].begin(), made[i].end());
  }
  EXPECT_EQ(8000u, all.size());
}

TEST(UuidTest, ParsesItsText) {
  const Uuid uuid = Uuid::generate();
  EXPECT_EQ(uuid, Uuid::parse(uuid.text()));
  EXPECT_EQ("0190163d-8694-739b-aea5-966c26f8ad91",
            Uuid::parse("0190163D-8694-739B-AEA5-966C26F8AD91")->text());
  EXPECT_EQ(std::nullopt, Uuid::parse("0190163d-8694-739b-aea5-966c26f8ad9"));
  EXPECT_EQ(std::nullopt, Uuid::parse("0190163d-8694-739b-aea5+966c26f8ad91"));
  EXPECT_EQ(std::nullopt, Uuid::parse("0190163g-8694-739b-aea5-966c26f8ad91"));
}

TEST(MetricsTest, KeepsKindsAndListsSorted) {
  Metrics registry;
  registry.add("b_count", 2);
  registry.counter("b_count").add();
  registry.set("a_size", 1.5);
  registry.gauge("a_size").add(-0.5);
  registry.observe_ms("c_duration", 3);
  registry.observe_ms("c_duration", 1);
  registry.timer("never_ran");
  EXPECT_EQ(HILUM_E_BAD_TYPE, code_of([&] { registry.gauge("b_count"); }));

  const auto list = registry.list();
  ASSERT_EQ(3u, list.size());
  EXPECT_EQ("a_size", list[0].name);
  EXPECT_EQ(1.0, list[0].value);
  EXPECT_EQ(3.0, list[1].value);
  EXPECT_EQ(1.0, list[2].value);
  EXPECT_EQ(2, list[2].count);
  EXPECT_EQ(4.0, list[2].sum_ms);
  EXPECT_EQ(3.0, list[2].max_ms);
  EXPECT_EQ(0, registry.timer("c_duration").at_most(4));
  EXPECT_EQ(1, registry.timer("c_duration").at_most(5));
  EXPECT_EQ(2, registry.timer("c_duration").at_most(7));

  registry.set_enabled(false);
  EXPECT_TRUE(registry.list().empty());
}

TEST(MetricsTest, PrintsHistogramsWithLabels) {
  Metrics registry;
  registry.counter("a_total").add(12345678901);
  registry.set("b{x=\"1\"}", 36.10105512345);
  Timer& timer = registry.timer("c_ms{family=\"tools\"}");
  timer.observe_ms(0.04);
  timer.observe_ms(3);
  timer.observe_ms(1e9);
  std::vector<MetricValue> values = registry.list();
  for (MetricValue& value : values) value.time_ms = 7;
  const std::string text = prometheus_text(values);
  EXPECT_EQ(0u,
            text.find("a_total 12345678901 7\nb{x=\"1\"} 36.1010551 7\nc_ms{family=\"tools\"} 1000000000 7\n"
                      "c_ms_bucket{family=\"tools\",le=\"0.01\"} 0 7\n"
                      "c_ms_bucket{family=\"tools\",le=\"0.05\"} 1 7\n"))
      << text;
  EXPECT_NE(std::string::npos, text.find("c_ms_bucket{family=\"tools\",le=\"5\"} 2 7\n")) << text;
  EXPECT_NE(std::string::npos, text.find("c_ms_bucket{family=\"tools\",le=\"60000\"} 2 7\n")) << text;
  EXPECT_NE(std::string::npos, text.find("c_ms_bucket{family=\"tools\",le=\"+Inf\"} 3 7\n"
                                         "c_ms_count{family=\"tools\"} 3 7\n"
                                         "c_ms_sum{family=\"tools\"} 1000000003.04 7\n"))
      << text;
}

TEST(MetricsTest, CountsFromManyThreads) {
  Metrics registry;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&registry] {
      for (int n = 0; n < 1000; ++n) {
        registry.add("count");
        registry.gauge("gauge").add(1);
        registry.observe_ms("time", n);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(4000, registry.counter("count").value());
  EXPECT_EQ(4000.0, registry.gauge("gauge").value());
  EXPECT_EQ(4000, registry.timer("time").count());
  EXPECT_EQ(999.0, registry.timer("time").max_ms());
}

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("hilum-files-" + Uuid::generate().text());
    hilum::create_directories(folder_ / "deep" / "er");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(Files, ReadsWithALimit) {
  const std::string path = folder_ / "a";
  write_file(path, "12345");
  EXPECT_EQ("12345", read_file(path, 5));
  EXPECT_EQ(HILUM_E_TOO_LARGE, code_of([&] { read_file(path, 4); }));
  EXPECT_EQ(HILUM_E_INEXISTENT_FILE, code_of([&] { read_file(folder_ / "none", 4); }));
  EXPECT_EQ(HILUM_E_TOO_LARGE, code_of([&] { read_file("/dev/zero", 1000); }));  // a file without an end
  EXPECT_EQ("", read_file("/dev/null", 1000));
}

TEST_F(Files, ReplacesAndLeavesNothingBehind) {
  const std::string path = folder_ / "deep" / "a";
  replace_file(path, "old");
  replace_file(path, "new");
  EXPECT_EQ("new", read_file(path, 10));
  EXPECT_EQ(2, std::distance(std::filesystem::directory_iterator(folder_ / "deep"), {}));  // "a" and "er"
  EXPECT_EQ(HILUM_E_CANNOT_WRITE, code_of([&] { replace_file(folder_ / "none" / "a", "x"); }));
}

TEST_F(Files, WritesAndReadsAtOffsets) {
  const std::string path = folder_ / "a";
  const UniqueFd file = open_file(path, O_RDWR | O_CREAT);
  write_all(file.get(), "0123456789", path);
  write_all_at(file.get(), "ab", 4, path);
  char bytes[4];
  read_all_at(file.get(), bytes, 4, 3, path);
  EXPECT_EQ("3ab6", std::string(bytes, 4));
  EXPECT_EQ(10u, file_size(file.get(), path));
  EXPECT_EQ(HILUM_E_CORRUPTED, code_of([&] { read_all_at(file.get(), bytes, 4, 8, path); }));
  EXPECT_EQ(HILUM_E_FULL_STORAGE, code_of([&] {
              const UniqueFd full = open_file("/dev/full", O_WRONLY);
              write_all(full.get(), "x", "/dev/full");
            }));
}

TEST_F(Files, FoldersAreMadeOrRefused) {
  write_file(folder_ / "file", "");
  hilum::create_directories(folder_ / "deep" / "er");
  EXPECT_EQ(HILUM_E_DIRECTORY_EXPECTED, code_of([&] { hilum::create_directories(folder_ / "file"); }));
  EXPECT_EQ(HILUM_E_DIRECTORY_EXPECTED,
            code_of([&] { hilum::create_directories(folder_ / "file" / "sub"); }));
}

TEST_F(Files, UniqueFdClosesOnce) {
  UniqueFd a = open_file("/dev/null", O_RDONLY);
  const int raw = a.get();
  UniqueFd b = std::move(a);
  EXPECT_FALSE(a.valid());
  b = UniqueFd();
  EXPECT_EQ(-1, fcntl(raw, F_GETFD));
}

// The signals stay blocked in this process, which is a test program of its own.
TEST(StopSignalTest, FetchesSignalsAndRequests) {
  block_stop_signals();
  StopSignal stop;
  EXPECT_EQ(std::nullopt, stop.wait_for(std::chrono::milliseconds(1)));
  kill(getpid(), SIGHUP);
  EXPECT_EQ(StopReason::kHangup, stop.wait());
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
    kill(getpid(), signal);
    EXPECT_EQ(StopReason::kShutdown, stop.wait_for(std::chrono::seconds(60)));
  }
  std::thread other([&stop] { stop.request(StopReason::kReset); });
  EXPECT_EQ(StopReason::kReset, stop.wait_for(std::chrono::seconds(60)));
  other.join();
  stop.request(StopReason::kShutdown);
  stop.request(StopReason::kReset);
  EXPECT_EQ(StopReason::kShutdown, stop.wait());
  EXPECT_EQ(std::nullopt, stop.wait_for(std::chrono::milliseconds(1)));
}

}  // namespace
}  // namespace hilum
