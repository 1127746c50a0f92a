// The receiving end of retrievals: takes instances as fast as they come and forgets them. Prints one JSON object: seconds from
// the request (listen: from the association) to its end, instances, bytes of data sets, the last status.
//
//   retrieve_client get    PORT AET GGGGEEEE=VALUE...              C-GET, study root
//   retrieve_client move   PORT AET LISTEN GGGGEEEE=VALUE...       C-MOVE to BENCHDEST, which is this program on port LISTEN
//   retrieve_client listen LISTEN                                  what somebody sends in one association
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "test_data.h"
#include "upper_layer.h"

namespace bench {
namespace {

constexpr size_t kPdu = 131072;
constexpr std::string_view kGet = "1.2.840.10008.5.1.4.1.2.2.3";
constexpr std::string_view kMove = "1.2.840.10008.5.1.4.1.2.2.2";
constexpr std::string_view kImplicit = "1.2.840.10008.1.2";
constexpr unsigned kStoreRequest = 0x0001, kGetRequest = 0x0010, kMoveRequest = 0x0021, kPending = 0xff00;

std::string big(size_t value, int bytes) {
  std::string out;
  while (bytes-- > 0) out += static_cast<char>(value >> 8 * bytes);
  return out;
}
size_t big_at(std::string_view bytes, size_t at, size_t size) {
  size_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes.at(at + i));
  return value;
}
size_t little_at(std::string_view bytes, size_t at, size_t size) {
  size_t value = 0;
  for (size_t i = size; i > 0; --i) value = value << 8 | static_cast<uint8_t>(bytes.at(at + i - 1));
  return value;
}
std::string item(int type, const std::string& body) {
  return std::string{static_cast<char>(type), '\0'} + big(body.size(), 2) + body;
}
std::string text(std::string_view bytes) { return std::string(bytes); }
std::string little16(unsigned value) { return {static_cast<char>(value), static_cast<char>(value >> 8)}; }

// A connected socket. Owned by one thread.
class Wire {
 public:
  explicit Wire(int fd) : fd_(fd), buffer_(4 * kPdu) {
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Wire() { close(fd_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // Valid until the next call; at most the buffer's size.
  std::string_view take(size_t size) {
    if (size > buffer_.size()) throw std::runtime_error("a PDU of the peer is too long");
    if (end_ - begin_ < size && begin_ + size > buffer_.size()) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    while (end_ - begin_ < size) {
      const ssize_t count = recv(fd_, buffer_.data() + end_, buffer_.size() - end_, 0);
      if (count <= 0) throw std::runtime_error("the connection has ended");
      end_ += static_cast<size_t>(count);
    }
    const std::string_view taken(buffer_.data() + begin_, size);
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
    return taken;
  }
  std::string_view pdu(int* type) {
    const std::string_view head = take(6);
    *type = head[0];
    return take(big_at(head, 2, 4));
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) throw std::runtime_error("the connection has ended");
      bytes.remove_prefix(static_cast<size_t>(count));
    }
  }
  void send_pdu(int type, const std::string& body) {
    send(std::string{static_cast<char>(type), '\0'} + big(body.size(), 4) + body);
  }
  void send_message(int context, bool command, const std::string& body) {
    send_pdu(
        4, big(body.size() + 2, 4) + static_cast<char>(context) + static_cast<char>(command ? 3 : 2) + body);
  }

 private:
  int fd_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
};

struct Tally {
  uint64_t instances = 0, bytes = 0;
  unsigned status = 0xffff;
};

using Elements = std::map<uint32_t, std::string>;
Elements elements_of(std::string_view command) {
  Elements found;
  for (size_t at = 0; at + 8 <= command.size();) {
    const size_t length = little_at(command, at + 4, 4);
    found[static_cast<uint32_t>(little_at(command, at, 2) << 16 | little_at(command, at + 2, 2))] =
        text(command.substr(at + 8, length));
    at += 8 + length;
  }
  return found;
}

std::string with_length(const std::string& body) {
  std::string out;
  implicit_element(out, 0, little16(static_cast<unsigned>(body.size())) + std::string(2, '\0'), '\0');
  return out + body;
}

std::string store_response(Elements& request) {
  std::string body;
  implicit_element(body, 0x00000002, request[0x00000002], '\0');
  implicit_element(body, 0x00000100, little16(0x8001), '\0');
  implicit_element(body, 0x00000120, request[0x00000110], '\0');
  implicit_element(body, 0x00000800, little16(0x0101), '\0');
  implicit_element(body, 0x00000900, little16(0), '\0');
  implicit_element(body, 0x00001000, request[0x00001000], '\0');
  return with_length(body);
}

// Answers C-STORE until the final response to our own request, or until the peer releases the association.
void serve(Wire& wire, Tally& tally) {
  std::string command;
  Elements request;
  for (;;) {
    int type = 0;
    std::string_view pdu = wire.pdu(&type);
    if (type == 5) {
      wire.send_pdu(6, std::string(4, '\0'));
      return;
    }
    if (type != 4) throw std::runtime_error("PDU of type " + std::to_string(type));
    while (!pdu.empty()) {
      const size_t length = big_at(pdu, 0, 4);
      const int context = static_cast<uint8_t>(pdu.at(4)), flags = pdu.at(5);
      const std::string_view fragment = pdu.substr(6, length - 2);
      pdu.remove_prefix(4 + length);
      if ((flags & 1) != 0) {
        command += fragment;
        if ((flags & 2) == 0) continue;
        request = elements_of(command);
        command.clear();
        if (little_at(request[0x00000100], 0, 2) != kStoreRequest) {
          tally.status = static_cast<unsigned>(little_at(request[0x00000900], 0, 2));
          if (tally.status != kPending) return;
        }
        continue;
      }
      tally.bytes += fragment.size();
      if ((flags & 2) == 0) continue;
      ++tally.instances;
      wire.send_message(context, true, store_response(request));
    }
  }
}

std::string user_information() {
  return item(0x51, big(kPdu, 4)) + item(0x52, "2.25.930271") +
         item(0x54, big(kSopClass.size(), 2) + text(kSopClass) + std::string(2, '\1'));
}

int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect");
  return fd;
}

int listen_on(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 8) != 0) {
    throw std::runtime_error("cannot listen on port " + std::to_string(port));
  }
  return fd;
}

std::string padded(std::string aet) {
  aet.resize(16, ' ');
  return aet;
}

// Contexts: 1 for the query, 3 for what comes back.
void associate(Wire& wire, const std::string& called, std::string_view model) {
  std::string body = big(1, 2) + big(0, 2) + padded(called) + padded("BENCHDEST") + std::string(32, '\0') +
                     item(0x10, "1.2.840.10008.3.1.1.1");
  body += item(0x20, std::string{1, 0, 0, 0} + item(0x30, text(model)) + item(0x40, text(kImplicit)));
  if (model == kGet) {
    body +=
        item(0x20, std::string{3, 0, 0, 0} + item(0x30, text(kSopClass)) + item(0x40, text(kTransferSyntax)));
  }
  wire.send_pdu(1, body + item(0x50, user_information()));
  int type = 0;
  wire.pdu(&type);
  if (type != 2) throw std::runtime_error("the association was refused");
}

// Accepts the CT class in the transfer syntax of the instances.
void accept_association(Wire& wire) {
  int type = 0;
  const std::string request = text(wire.pdu(&type));
  std::string body = request.substr(0, 68) + item(0x10, "1.2.840.10008.3.1.1.1");
  for (size_t at = 68; at + 4 <= request.size();) {
    const size_t length = big_at(request, at + 2, 2);
    const std::string content = request.substr(at + 4, length);
    if (request[at] == 0x20) {
      const bool good =
          content.find(text(kTransferSyntax) + '\x40') != std::string::npos ||
          (content.size() > kTransferSyntax.size() &&
           content.compare(content.size() - kTransferSyntax.size(), std::string::npos, kTransferSyntax) == 0);
      body += item(0x21, std::string{content.at(0), 0, static_cast<char>(good ? 0 : 4), 0} +
                             item(0x40, text(kTransferSyntax)));
    }
    at += 4 + length;
  }
  wire.send_pdu(2, body + item(0x50, item(0x51, big(kPdu, 4)) + item(0x52, "2.25.930271")));
}

std::string identifier_of(const std::vector<std::string>& keys) {
  std::map<uint32_t, std::string> values;
  for (const std::string& key : keys) {
    values[static_cast<uint32_t>(std::strtoul(key.c_str(), nullptr, 16))] = key.substr(key.find('=') + 1);
  }
  std::string identifier;
  for (const auto& [tag, value] : values)
    implicit_element(identifier, tag, value, tag >> 16 == 8 ? ' ' : '\0');
  return identifier;
}

std::string request(std::string_view model, unsigned field) {
  std::string body;
  implicit_element(body, 0x00000002, text(model), '\0');
  implicit_element(body, 0x00000100, little16(field), '\0');
  implicit_element(body, 0x00000110, little16(1), '\0');
  if (field == kMoveRequest) implicit_element(body, 0x00000600, "BENCHDEST", ' ');
  implicit_element(body, 0x00000700, little16(0), '\0');
  implicit_element(body, 0x00000800, little16(1), '\0');
  return with_length(body);
}

void print(const Tally& tally, std::chrono::steady_clock::time_point begin) {
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  std::printf("{\"seconds\": %.6f, \"instances\": %llu, \"bytes\": %llu, \"status\": %u}\n", seconds.count(),
              static_cast<unsigned long long>(tally.instances), static_cast<unsigned long long>(tally.bytes),
              tally.status);
}

void get(int port, const std::string& aet, const std::vector<std::string>& keys) {
  Wire wire(connect_to(port));
  associate(wire, aet, kGet);
  const auto begin = std::chrono::steady_clock::now();
  wire.send_message(1, true, request(kGet, kGetRequest));
  wire.send_message(1, false, identifier_of(keys));
  Tally tally;
  serve(wire, tally);
  print(tally, begin);
  wire.send_pdu(5, std::string(4, '\0'));
}

void move(int port, const std::string& aet, int listen_port, const std::vector<std::string>& keys) {
  const int listener = listen_on(listen_port);
  Tally received;
  // One association after the other, until the listener is shut down.
  std::thread receiver([&] {
    for (int fd; (fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      try {
        Wire wire(fd);
        accept_association(wire);
        serve(wire, received);
      } catch (const std::exception&) {
        // Associations that are kept open end without a word when we do.
      }
    }
  });
  Tally asked;
  const auto begin = std::chrono::steady_clock::now();
  {
    Wire wire(connect_to(port));
    associate(wire, aet, kMove);
    wire.send_message(1, true, request(kMove, kMoveRequest));
    wire.send_message(1, false, identifier_of(keys));
    serve(wire, asked);
    received.status = asked.status;
    print(received, begin);
    wire.send_pdu(5, std::string(4, '\0'));
  }
  std::fflush(stdout);
  std::_Exit(0);  // the receiver may sit in an association that the server keeps for later
}

void listen_once(int port) {
  const int listener = listen_on(port);
  Wire wire(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  const auto begin = std::chrono::steady_clock::now();
  accept_association(wire);
  Tally tally;
  serve(wire, tally);
  tally.status = 0;
  print(tally, begin);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    const std::string mode = arguments.empty() ? "" : arguments[0];
    if (mode == "get" && arguments.size() > 3) {
      bench::get(std::stoi(arguments[1]), arguments[2], {arguments.begin() + 3, arguments.end()});
    } else if (mode == "move" && arguments.size() > 4) {
      bench::move(std::stoi(arguments[1]), arguments[2], std::stoi(arguments[3]),
                  {arguments.begin() + 4, arguments.end()});
    } else if (mode == "listen" && arguments.size() == 2) {
      bench::listen_once(std::stoi(arguments[1]));
    } else {
      throw std::runtime_error("get PORT AET KEYS, move PORT AET LISTEN KEYS, or listen PORT");
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "retrieve_client: %s\n", error.what());
    return 2;
  }
}
