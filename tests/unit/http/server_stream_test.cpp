// Answers that are made while they are sent: slow, absent and too many readers; files.
#include <fcntl.h>

#include <fstream>

#include "tests/unit/http/server_fixture.h"

namespace hilum::http {
namespace {

using std::chrono::milliseconds;
using testing::Client;
using testing::ends;
using testing::get;
using testing::starts;
using ServerStreamTest = testing::ServerTest;

long resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word == "VmRSS:") {
      long value = 0;
      status >> value;
      return value;
    }
  }
  return 0;
}

TEST_F(ServerStreamTest, SlowReadersCostNoMemoryAndNoThreads) {
  server_options.threads = 2;
  start();
  ask(get("/hello"));
  std::vector<std::unique_ptr<Client>> slow;
  const long before = resident_kilobytes();
  for (int i = 0; i < 6; ++i) {
    slow.push_back(std::make_unique<Client>(server->port(), 8192));
    slow.back()->send(get("/stream"));
    EXPECT_TRUE(starts(slow.back()->read_until("\r\n\r\n"), 200));
  }
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_LT(resident_kilobytes() - before, 60000);  // 6 streams of 400 MB
  EXPECT_TRUE(ends(ask(get("/hello")), "hello"));   // though more streams wait than there are threads
  slow.clear();
  EXPECT_TRUE(eventually([&] { return streams_done == 6; }));
  EXPECT_EQ(aborted, 6);
}

TEST_F(ServerStreamTest, TooManyWaitingStreamsAreRefused) {
  server_options.max_streams = 1;
  start();
  Client slow(server->port(), 8192);
  slow.send(get("/stream"));
  EXPECT_TRUE(starts(slow.read_until("\r\n\r\n"), 200));
  std::string answer;
  EXPECT_TRUE(eventually([&] { return starts(answer = ask(get("/short-stream")), 503); })) << answer;
  EXPECT_TRUE(ends(ask(get("/hello")), "hello"));
}

TEST_F(ServerStreamTest, BrokenStreamsAreCut) {
  start();
  Client client(server->port());
  client.send(get("/broken-stream"));
  EXPECT_TRUE(ends(client.read_to_end(), "3\r\none\r\n"));
}

TEST_F(ServerStreamTest, FileRanges) {
  const std::string name = ::testing::TempDir() + "hilum_http_file_range_" + std::to_string(::getpid());
  std::ofstream(name) << std::string(100000, 'a') << std::string(2000000, 'b') << "end";
  add(Method::kGet, "/file", [&](Request&, Answer& a) {
    const int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
    a.file("application/dicom", {fd, 99998, 2000005, own_fd(fd)});
  });
  start();
  Client client(server->port());
  client.send(get("/file") + get("/hello"));
  const std::string answer = client.read_answer();
  EXPECT_NE(answer.find("Content-Length: 2000005\r\n"), std::string::npos);
  EXPECT_TRUE(ends(answer, "bend"));
  EXPECT_NE(answer.find("\r\n\r\naab"), std::string::npos);
  EXPECT_TRUE(ends(client.read_answer(), "hello"));
  ::unlink(name.c_str());
}

TEST_F(ServerStreamTest, StoppingWakesProducers) {
  start();
  Client slow(server->port(), 8192);
  slow.send(get("/stream"));
  EXPECT_TRUE(starts(slow.read_until("\r\n\r\n"), 200));
  server->stop();
  EXPECT_EQ(streams_done, 1);
  EXPECT_EQ(aborted, 1);
}

}  // namespace
}  // namespace hilum::http
