// A live server on loopback, asked by plain sockets.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/http/server.h"

namespace hilum::http::testing {

using std::chrono::milliseconds;

constexpr int kPatienceMs = 30000;  // of what must happen: machines may be busy

// A client that gives up after a long silence.
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
    if (::poll(&poll, 1, kPatienceMs) != 1) {
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

inline std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}

inline bool starts(const std::string& answer, int status) {
  return answer.compare(0, 12, "HTTP/1.1 " + std::to_string(status)) == 0;
}

inline bool ends(const std::string& answer, const std::string& end) {
  return answer.size() >= end.size() && answer.compare(answer.size() - end.size(), end.size(), end) == 0;
}

// A door that handlers wait at.
class Door {
 public:
  void wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait_for(lock, milliseconds(2 * kPatienceMs), [&] { return open_; });
  }
  bool wait_for_visitors(int n) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, milliseconds(kPatienceMs), [&] { return waiting_ >= n; });
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

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    server_options.bind_addresses = {"127.0.0.1"};
    server_options.port = 0;
    server_options.allow_port_zero = true;
    server_options.threads = 4;
    server_options.keep_alive_timeout = std::chrono::seconds(20);
    options.body.spool_directory = ::testing::TempDir();
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
    for (int i = 0; i < kPatienceMs / 10; ++i) {
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

}  // namespace hilum::http::testing
