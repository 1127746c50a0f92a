// The protocol: connections, methods, old and broken clients, addresses.
#include "tests/unit/http/server_fixture.h"

namespace hilum::http {
namespace {

using std::chrono::milliseconds;
using testing::Client;
using testing::ends;
using testing::get;
using testing::ServerTest;
using testing::starts;

TEST_F(ServerTest, KeepsConnectionsAndAnswersInOrder) {
  start();
  Client client(server->port());
  client.send(get("/hello"));
  const std::string first = client.read_answer();
  EXPECT_TRUE(starts(first, 200) && ends(first, "\r\n\r\nhello")) << first;
  EXPECT_NE(first.find("Connection: keep-alive\r\nKeep-Alive: timeout=20\r\n"), std::string::npos);
  EXPECT_NE(first.find("X-Content-Type-Options: nosniff\r\n"), std::string::npos);
  client.send(get("/hello") + get("/nope") + get("/short-stream") + get("/big") + get("/hello"));
  EXPECT_TRUE(starts(client.read_answer(), 200));
  EXPECT_TRUE(starts(client.read_answer(), 404));
  EXPECT_TRUE(starts(client.read_until("\r\n\r\n"), 200));
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "4\r\none,\r\n3\r\ntwo\r\n0\r\n\r\n");
  EXPECT_GT(client.read_answer().size(), 3000000u);
  EXPECT_TRUE(ends(client.read_answer(), "hello"));
  EXPECT_EQ(server->counters().connections_total, 1u);
}

// On the I/O thread, unless there are query arguments; a stream is run again on a worker.
TEST_F(ServerTest, ShortRoutes) {
  const auto thread_kind = [] {
    char name[16] = {};
    pthread_getname_np(pthread_self(), name, sizeof name);
    return std::string(name) == "http-worker" ? "worker" : "io";
  };
  std::atomic<int> runs{0};
  add(
      Method::kGet, "/who", [&](Request&, Answer& a) { a.bytes("text/plain", thread_kind()); }, true);
  add(
      Method::kGet, "/thrower", [](Request&, Answer&) { throw Error(HILUM_E_UNKNOWN_RESOURCE); }, true);
  add(
      Method::kGet, "/streamer",
      [&](Request&, Answer& a) {
        ++runs;
        a.begin("text/plain");
        a.write(thread_kind());
        a.end();
      },
      true);
  start();
  Client client(server->port());
  client.send(get("/who") + get("/who?a") + get("/thrower") + get("/streamer") + get("/who"));
  EXPECT_TRUE(ends(client.read_answer(), "\r\n\r\nio"));
  EXPECT_TRUE(ends(client.read_answer(), "\r\n\r\nworker"));
  EXPECT_TRUE(starts(client.read_answer(), 404));
  EXPECT_TRUE(starts(client.read_until("\r\n\r\n"), 200));
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "6\r\nworker\r\n0\r\n\r\n");
  EXPECT_EQ(runs, 2);
  EXPECT_TRUE(ends(client.read_answer(), "\r\n\r\nio"));
  client.send(get("/who", "Connection: close\r\n"));
  EXPECT_TRUE(ends(client.read_to_end(), "\r\n\r\nio"));
}

TEST_F(ServerTest, ManyPipelinedRefusalsInOneSegment) {
  start();
  Client client(server->port());
  std::string all;
  for (int i = 0; i < 1500; ++i) all += get("/nope");
  std::thread sender([&] { client.send(all); });
  for (int i = 0; i < 1500; ++i) ASSERT_TRUE(starts(client.read_answer(), 404)) << i;
  sender.join();
}

TEST_F(ServerTest, HeadAndOptions) {
  start();
  Client client(server->port());
  client.send(
      "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\nHEAD /short-stream HTTP/1.1\r\nHost: x\r\n\r\n"
      "HEAD /nope HTTP/1.1\r\nHost: x\r\n\r\nOPTIONS /size HTTP/1.1\r\nHost: x\r\n\r\n" +
      get("/hello"));
  EXPECT_NE(client.read_answer(true).find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(starts(client.read_answer(true), 200));
  EXPECT_TRUE(starts(client.read_answer(true), 404));
  const std::string allowed = client.read_answer(true);
  EXPECT_TRUE(starts(allowed, 204));
  EXPECT_NE(allowed.find("Allow: POST\r\n"), std::string::npos);
  EXPECT_EQ(allowed.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(ends(client.read_answer(), "hello"));
}

TEST_F(ServerTest, OldClients) {
  start();
  Client client(server->port());
  client.send("GET /short-stream HTTP/1.0\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_TRUE(ends(answer, "\r\n\r\none,two")) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  Client keeping(server->port());
  keeping.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(keeping.read_answer().find("Connection: keep-alive"), std::string::npos);
  keeping.send(get("/hello", "Connection: close\r\n"));
  EXPECT_TRUE(ends(keeping.read_to_end(), "hello"));
}

TEST_F(ServerTest, MalformedRequests) {
  server_options.max_head_size = 2000;
  server_options.max_header_fields = 10;
  start();
  std::string many;
  for (int i = 0; i < 11; ++i) many += "A: b\r\n";
  EXPECT_TRUE(starts(ask("GET / HTTP/1.1\r\n\r\n"), 400));
  EXPECT_TRUE(starts(ask("nonsense\r\n\r\n"), 400));
  EXPECT_TRUE(
      starts(ask("POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400));
  EXPECT_TRUE(starts(ask(get("/hello", many)), 431));
  EXPECT_TRUE(starts(ask(get("/hello", "A: " + std::string(2000, 'a') + "\r\n")), 431));
  EXPECT_TRUE(starts(ask("POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: br\r\n\r\n"), 501));
  const std::string answer = ask("GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(starts(answer, 400));
  EXPECT_NE(answer.find("\"OrthancStatus\" : 12"), std::string::npos);
  EXPECT_TRUE(starts(ask("GET http://other/hello HTTP/1.1\r\nHost: x\r\n\r\n"), 200));
}

TEST_F(ServerTest, HalfClosedClientsGetTheirAnswer) {
  start();
  Client client(server->port());
  client.send(get("/door"));
  client.finish_sending();
  ASSERT_TRUE(door.wait_for_visitors(1));
  std::this_thread::sleep_for(milliseconds(30));
  door.open();
  EXPECT_TRUE(ends(client.read_to_end(), "through"));
}

TEST_F(ServerTest, ConfigurationMistakesAreNamed) {
  dispatcher = std::make_unique<Dispatcher>(options, router);
  const auto code_of = [&](ServerOptions o) {
    try {
      Server(o, *dispatcher).start();
    } catch (const Error& error) {
      return error.code();
    }
    return static_cast<int32_t>(HILUM_OK);
  };
  ServerOptions o = server_options;
  EXPECT_EQ(code_of(o), HILUM_OK);
  o.allow_port_zero = false;
  EXPECT_EQ(code_of(o), HILUM_E_OUT_OF_RANGE);
  o = server_options;
  o.bind_addresses = {"example.org"};
  EXPECT_EQ(code_of(o), HILUM_E_OUT_OF_RANGE);
  o = server_options;
  o.tls.enabled = true;
  o.tls.certificate_file = "/nonexistent.pem";
  EXPECT_EQ(code_of(o), HILUM_E_OUT_OF_RANGE);
  start();
  o = server_options;
  o.port = server->port();
  EXPECT_EQ(code_of(o), HILUM_E_HTTP_PORT_IN_USE);
}

TEST_F(ServerTest, IPv6) {
  server_options.bind_addresses = {"::1"};
  std::string seen;
  add(Method::kGet, "/who", [&](Request& r, Answer& a) { a.bytes("text/plain", r.remote_address); });
  try {
    start();
  } catch (const Error&) {
    GTEST_SKIP() << "no IPv6 here";
  }
  const int fd = ::socket(AF_INET6, SOCK_STREAM, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(server->port());
  address.sin6_addr = in6addr_loopback;
  ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const std::string request = get("/who", "Connection: close\r\n");
  ASSERT_EQ(::send(fd, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  char buffer[4096];
  std::string answer;
  for (ssize_t n; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
    answer.append(buffer, static_cast<size_t>(n));
  ::close(fd);
  EXPECT_TRUE(ends(answer, "\r\n\r\n::1")) << answer;
}

}  // namespace
}  // namespace hilum::http
