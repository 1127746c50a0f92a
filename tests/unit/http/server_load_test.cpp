// Limits of clients, connections and time; the end.
#include "tests/unit/http/server_fixture.h"

namespace hilum::http {
namespace {

using std::chrono::milliseconds;
using testing::Client;
using testing::ends;
using testing::get;
using testing::starts;
using ServerLoadTest = testing::ServerTest;

TEST_F(ServerLoadTest, FullQueue) {
  server_options.threads = 1;
  server_options.queue_length = 1;
  start();
  Client running(server->port());
  running.send(get("/door"));
  ASSERT_TRUE(door.wait_for_visitors(1));
  Client queued(server->port());
  queued.send(get("/door"));
  ASSERT_TRUE(eventually([&] { return server->counters().requests_running == 2; }));
  const std::string refused = ask(get("/hello"));
  EXPECT_TRUE(starts(refused, 503)) << refused;
  EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos);
  door.open();
  EXPECT_TRUE(ends(running.read_answer(), "through"));
  EXPECT_TRUE(ends(queued.read_answer(), "through"));
  EXPECT_TRUE(ends(ask(get("/hello")), "hello"));
}

TEST_F(ServerLoadTest, DrainingFinishesWhatRuns) {
  start();
  Client running(server->port());
  running.send(get("/door"));
  Client idle(server->port());
  idle.send(get("/hello"));
  idle.read_answer();
  ASSERT_TRUE(door.wait_for_visitors(1));
  EXPECT_FALSE(server->drain(milliseconds(20)));
  idle.send(get("/hello"));
  EXPECT_TRUE(starts(idle.read_to_end(), 503));
  door.open();
  EXPECT_TRUE(server->drain(milliseconds(5000)));
  const std::string answer = running.read_to_end();
  EXPECT_TRUE(ends(answer, "through"));
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  server->stop();
}

TEST_F(ServerLoadTest, Deadlines) {
  server_options.head_timeout = milliseconds(1000);
  server_options.keep_alive_timeout = milliseconds(1000);
  server_options.body_timeout = milliseconds(1000);
  start();
  Client silent(server->port());
  Client half(server->port());
  half.send("GET /hel");
  Client body(server->port());
  body.send("POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na");
  Client idle(server->port());
  idle.send(get("/hello"));
  idle.read_answer();
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_TRUE(starts(half.read_to_end(), 408));
  EXPECT_TRUE(starts(body.read_to_end(), 408));
  EXPECT_EQ(idle.read_to_end(), "");
}

TEST_F(ServerLoadTest, ManyClientsAtOnce) {
  start();
  std::vector<std::thread> clients;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      Client client(server->port());
      for (int n = 0; n < 200; ++n) {
        client.send(get(n % 50 == 7 ? "/big" : "/hello"));
        if (starts(client.read_answer(), 200)) ++good;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(good, 1600);
  EXPECT_TRUE(server->drain(milliseconds(2000)));
}

TEST_F(ServerLoadTest, CrowdsAreShed) {
  server_options.max_connections = 3;
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(server->port()));
    clients.back()->send(get("/hello"));
    EXPECT_TRUE(starts(clients.back()->read_answer(), 200));
  }
  EXPECT_EQ(Client(server->port()).read_to_end(), "");
  clients.clear();
  EXPECT_TRUE(eventually([&] { return server->counters().connections_open == 0; }));
  EXPECT_TRUE(starts(ask(get("/hello")), 200));
}

}  // namespace
}  // namespace hilum::http
