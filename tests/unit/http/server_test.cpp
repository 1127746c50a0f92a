// A live server on loopback, asked by plain sockets.
#include "core/http/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <thread>

namespace hilum::http {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// A client that gives up after five seconds of silence.
class Client {
 public:
  explicit Client(uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void finish_sending() { ::shutdown(fd_, SHUT_WR); }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  // False: end of the connection, or silence.
  bool receive_some() {
    pollfd poll{fd_, POLLIN, 0};
    if (::poll(&poll, 1, 5000) != 1) {
      ADD_FAILURE() << "silence; so far: " << input_.substr(0, 500);
      return false;
    }
    char buffer[65536];
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    input_.append(buffer, static_cast<size_t>(n));
    return true;
  }
  std::string read_until(std::string_view mark) {
    while (input_.find(mark) == std::string::npos) {
      if (!receive_some()) return std::exchange(input_, {});
    }
    return take(input_.find(mark) + mark.size());
  }
  std::string read_to_end() {
    while (receive_some()) {
    }
    return std::exchange(input_, {});
  }
  // One answer with a length; `head` only for HEAD.
  std::string read_answer(bool head_only = false) {
    std::string answer = read_until("\r\n\r\n");
    const size_t at = answer.find("Content-Length: ");
    const size_t length = at == std::string::npos || head_only ? 0 : std::stoul(answer.substr(at + 16));
    while (input_.size() < length) {
      if (!receive_some()) break;
    }
    return answer + take(std::min(length, input_.size()));
  }
  const std::string& unread() const { return input_; }

 private:
  std::string take(size_t n) {
    std::string taken = input_.substr(0, n);
    input_.erase(0, n);
    return taken;
  }
  int fd_;
  std::string input_;
};

std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}

bool starts(const std::string& answer, int status) {
  return answer.compare(0, 12, "HTTP/1.1 " + std::to_string(status)) == 0;
}

bool ends(const std::string& answer, const std::string& end) {
  return answer.size() >= end.size() && answer.compare(answer.size() - end.size(), end.size(), end) == 0;
}

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

// A door that handlers wait at.
class Door {
 public:
  void wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return open_; });
  }
  bool wait_for_visitors(int n) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return waiting_ >= n; });
  }
  void open() {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    server_options.bind_addresses = {"127.0.0.1"};
    server_options.port = 0;
    server_options.allow_port_zero = true;
    server_options.threads = 4;
    server_options.keep_alive_timeout = std::chrono::seconds(20);
    options.body.spool_directory = testing::TempDir();
    options.body.memory_size = 10000;
    options.body.max_size = 1000000;
    add(Method::kGet, "/hello", [](Request&, Answer& a) { a.bytes("text/plain", "hello"); });
    add(Method::kGet, "/big", [](Request&, Answer& a) { a.bytes("text/plain", std::string(3000000, 'b')); });
    add(Method::kPost, "/size", [](Request& r, Answer& a) {
      a.bytes("text/plain", std::to_string(r.body.size()) + (r.body.in_memory() ? " memory" : " spooled"));
    });
    add(Method::kGet, "/door", [this](Request&, Answer& a) {
      door.wait();
      a.bytes("text/plain", "through");
    });
    add(Method::kGet, "/short-stream", [](Request&, Answer& a) {
      a.begin("text/plain");
      a.write("one,");
      a.write("two");
      a.end();
    });
    add(Method::kGet, "/broken-stream", [](Request&, Answer& a) {
      a.begin("text/plain");
      a.write("one");
      throw std::runtime_error("broken");
    });
    add(Method::kGet, "/stream", [this](Request&, Answer& a) {
      const std::string piece(65536, 's');
      bool there = a.begin("application/zip");
      for (int i = 0; i < 16 * 400 && there; ++i) there = a.write(piece);
      a.end();
      if (!there) ++aborted;
      ++streams_done;
    });
  }
  ~ServerTest() override { door.open(); }

  void add(Method method, const char* pattern, Handler handler, bool is_short = false) {
    Route route;
    route.is_short = is_short;
    route.method = method;
    route.pattern = pattern;
    route.owner = "test";
    route.handler = std::move(handler);
    router.add(std::move(route));
  }
  void start() {
    dispatcher = std::make_unique<Dispatcher>(options, router);
    server = std::make_unique<Server>(server_options, *dispatcher);
    server->start();
  }
  std::string ask(const std::string& bytes) {
    Client client(server->port());
    client.send(bytes);
    return client.read_answer();
  }
  static bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 500; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }

  Door door;
  std::atomic<int> aborted{0};
  std::atomic<int> streams_done{0};
  DispatcherOptions options;
  ServerOptions server_options;
  Router router;
  std::unique_ptr<Dispatcher> dispatcher;
  std::unique_ptr<Server> server;  // last: stops before the rest goes
};

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

TEST_F(ServerTest, Bodies) {
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

TEST_F(ServerTest, ExpectIsAnsweredByContinueOrByTheRefusal) {
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

TEST_F(ServerTest, RefusedBodiesDoNotLoseTheAnswer) {
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

TEST_F(ServerTest, SlowReadersCostNoMemoryAndNoThreads) {
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

TEST_F(ServerTest, TooManyWaitingStreamsAreRefused) {
  server_options.max_streams = 1;
  start();
  Client slow(server->port(), 8192);
  slow.send(get("/stream"));
  EXPECT_TRUE(starts(slow.read_until("\r\n\r\n"), 200));
  std::string answer;
  EXPECT_TRUE(eventually([&] { return starts(answer = ask(get("/short-stream")), 503); })) << answer;
  EXPECT_TRUE(ends(ask(get("/hello")), "hello"));
}

TEST_F(ServerTest, BrokenStreamsAreCut) {
  start();
  Client client(server->port());
  client.send(get("/broken-stream"));
  EXPECT_TRUE(ends(client.read_to_end(), "3\r\none\r\n"));
}

TEST_F(ServerTest, FileRanges) {
  const std::string name = testing::TempDir() + "hilum_http_file_range";
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

TEST_F(ServerTest, FullQueue) {
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

TEST_F(ServerTest, DrainingFinishesWhatRuns) {
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

TEST_F(ServerTest, StoppingWakesProducers) {
  start();
  Client slow(server->port(), 8192);
  slow.send(get("/stream"));
  EXPECT_TRUE(starts(slow.read_until("\r\n\r\n"), 200));
  server->stop();
  EXPECT_EQ(streams_done, 1);
  EXPECT_EQ(aborted, 1);
}

TEST_F(ServerTest, Deadlines) {
  server_options.head_timeout = milliseconds(300);
  server_options.keep_alive_timeout = milliseconds(300);
  server_options.body_timeout = milliseconds(300);
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

TEST_F(ServerTest, DripFeedingABodyEnds) {
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

TEST_F(ServerTest, ManyClientsAtOnce) {
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

TEST_F(ServerTest, CrowdsAreShed) {
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
