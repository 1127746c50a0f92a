// Bodies of requests: in memory, spooled, in chunks, announced, refused.
#include "tests/unit/http/server_fixture.h"

namespace hilum::http {
namespace {

using std::chrono::milliseconds;
using testing::Client;
using testing::ends;
using testing::get;
using testing::starts;
using ServerBodyTest = testing::ServerTest;

TEST_F(ServerBodyTest, Bodies) {
  start();
  const std::string head = "POST /size HTTP/1.1\r\nHost: x\r\n";
  EXPECT_TRUE(ends(ask(head + "\r\n"), "0 memory"));
  EXPECT_TRUE(ends(ask(head + "Content-Length: 9\r\n\r\n123456789"), "9 memory"));
  EXPECT_TRUE(
      ends(ask(head + "Content-Length: 500000\r\n\r\n" + std::string(500000, 'x')), "500000 spooled"));
  Client slow(server->port());
  for (char c : head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n") {
    slow.send(std::string(1, c));
    if (c == '\n' || c == 'a') std::this_thread::sleep_for(milliseconds(2));
  }
  EXPECT_TRUE(ends(slow.read_answer(), "13 memory"));
}

TEST_F(ServerBodyTest, ExpectIsAnsweredByContinueOrByTheRefusal) {
  start();
  const std::string expect = "Host: x\r\nExpect: 100-continue\r\n";
  Client client(server->port());
  client.send("POST /size HTTP/1.1\r\n" + expect + "Content-Length: 3\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_TRUE(ends(client.read_answer(), "3 memory"));
  const std::pair<std::string, int> refused[] = {{"POST /size HTTP/1.1\r\nContent-Length: 1000001\r\n", 413},
                                                 {"POST /nope HTTP/1.1\r\nContent-Length: 3\r\n", 404},
                                                 {"PUT /size HTTP/1.1\r\nContent-Length: 3\r\n", 405}};
  for (const auto& [line, status] : refused) {
    Client other(server->port());
    other.send(line + expect + "\r\n");
    const std::string answer = other.read_to_end();
    EXPECT_TRUE(starts(answer, status)) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  }
}

TEST_F(ServerBodyTest, RefusedBodiesDoNotLoseTheAnswer) {
  start();
  Client client(server->port());
  std::thread sender([&] {
    client.send("POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n" +
                std::string(5000000, 'x'));
  });
  const std::string answer = client.read_to_end();
  sender.join();
  EXPECT_TRUE(starts(answer, 413)) << answer;
  EXPECT_NE(answer.find("\"OrthancStatus\" : 47"), std::string::npos);
  const std::string chunked =
      ask("POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nF4241\r\n" +
          std::string(1000001, 'x') + "\r\n0\r\n\r\n");
  EXPECT_TRUE(starts(chunked, 413)) << chunked;
}

TEST_F(ServerBodyTest, DripFeedingABodyEnds) {
  server_options.body_timeout = milliseconds(400);
  server_options.minimum_body_rate = 1000;
  start();
  Client client(server->port());
  client.send("POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
  std::atomic<bool> stop{false};
  std::thread drip([&] {
    while (!stop) {
      client.send("x");
      std::this_thread::sleep_for(milliseconds(50));
    }
  });
  EXPECT_TRUE(starts(client.read_answer(), 408));
  stop = true;
  drip.join();
}

}  // namespace
}  // namespace hilum::http
