// Load for servers under test, straight on sockets and from memory, so that the server and not the sender is
// what is measured. Prints one JSON object.
//
//   load_client store PORT [options]                    C-STORE of instances made on the fly
//   load_client post  PORT [options]                    POST /instances of the same
//   load_client get   PORT [options] PATH...            GET of these paths in turn ("-": one a line on stdin)
//   load_client ask   PORT [options] PATH BODY...       POST of these bodies in turn, as JSON
//   load_client find  PORT [options] GGGGEEEE=VALUE...  C-FIND, study root
//   load_client echo  PORT [options]                    C-ECHO
//   load_client flush FOLDER [options]                  the floor: append the same bytes to a file, fdatasync
//   load_client write FOLDER [options]                  the same instances as files
//
//   --size small|ct|large   5 KB, 525 KB, 200 MB        --connections N   side by side (default 1)
//   --count N  --seconds S  when to end                 --first N --run N which instances
//   --pause-ms N           get, echo: rest between two
//   --pid P[,P]  processes whose CPU time is counted    --aet NAME        called AE title
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <thread>

#include "measure.h"
#include "test_data.h"
#include "upper_layer.h"

namespace bench {
namespace {

constexpr const char* kHost = "127.0.0.1";
constexpr std::string_view kStudyRootFind = "1.2.840.10008.5.1.4.1.2.2.1";
constexpr std::string_view kVerification = "1.2.840.10008.1.1";
constexpr std::string_view kImplicit = "1.2.840.10008.1.2";

struct Options {
  std::string mode, target, aet = "ANY-SCP";
  Size size = Size::kSmall;
  int port = 0, connections = 1;
  uint32_t run = 1;
  uint64_t first = 0, count = 0;
  double seconds = 0;
  std::chrono::milliseconds pause{0};
  std::vector<int> server;
  std::vector<std::string> rest;
};

unsigned message_id(uint64_t number) { return static_cast<unsigned>(number % 65535) + 1; }

// ---- HTTP

// One keep-alive connection; opened again if the server closes it. Owned by one thread.
class Http {
 public:
  explicit Http(int port) : port_(port) {}

  // The status; the body is read and forgotten.
  int request(std::string_view method, std::string_view path, std::string_view body, std::string_view more,
              uint64_t* received) {
    if (!socket_) socket_ = std::make_unique<Socket>(kHost, port_);
    head_.assign(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    if (method != "GET") head_ += "Content-Length: " + std::to_string(body.size() + more.size()) + "\r\n";
    head_ += "\r\n";
    socket_->send({piece_of(head_), piece_of(body), piece_of(more)});
    return answer(received);
  }

 private:
  int answer(uint64_t* received) {
    const int status = std::atoi(std::string(socket_->line()).c_str() + std::strlen("HTTP/1.1 "));
    bool close = false, chunked = false;
    size_t length = 0;
    for (std::string line(socket_->line()); !line.empty(); line = socket_->line()) {
      for (char& c : line) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (line.rfind("content-length:", 0) == 0) length = std::strtoull(line.c_str() + 15, nullptr, 10);
      chunked = chunked || (line.rfind("transfer-encoding:", 0) == 0 && line.find("chunked") != line.npos);
      close = close || (line.rfind("connection:", 0) == 0 && line.find("close") != line.npos);
    }
    do {
      if (chunked) length = std::strtoull(std::string(socket_->line()).c_str(), nullptr, 16);
      const bool last = !chunked || length == 0;
      socket_->skip(length);
      *received += length;
      if (chunked) socket_->line();
      if (last) break;
    } while (true);
    if (close) socket_.reset();
    return status;
  }

  const int port_;
  std::unique_ptr<Socket> socket_;
  std::string head_;
};

bool post(const Options& options) {
  const Generator generator(options.size, options.run);
  Work work(options.first, options.count, options.seconds);
  return measure(options.connections, options.server, [&](Tally& tally) {
    Http http(options.port);
    uint64_t answered = 0;
    for (uint64_t n = 0; work.next(&n);) {
      const Instance instance = generator.make(n);
      tally.time([&] {
        if (http.request("POST", "/instances", instance.head, instance.pixels, &answered) != 200)
          ++tally.failed;
      });
      tally.bytes += instance.file_size();
      ++tally.answers;
    }
  });
}

bool get(const Options& options) {
  std::vector<std::string> paths;
  for (const std::string& path : options.rest) {
    if (path != "-") {
      paths.push_back(path);
      continue;
    }
    for (std::string line; std::getline(std::cin, line);) paths.push_back(line);
  }
  if (paths.empty()) throw std::runtime_error("get: which path?");
  Work work(options.first, options.count, options.seconds);
  return measure(options.connections, options.server, [&](Tally& tally) {
    Http http(options.port);
    for (uint64_t n = 0; work.next(&n);) {
      tally.time([&] {
        if (http.request("GET", paths[n % paths.size()], {}, {}, &tally.bytes) != 200) ++tally.failed;
      });
      ++tally.answers;
      std::this_thread::sleep_for(options.pause);
    }
  });
}

bool ask(const Options& options) {
  if (options.rest.size() < 2) throw std::runtime_error("ask: a path and bodies, please");
  Work work(options.first, options.count, options.seconds);
  return measure(options.connections, options.server, [&](Tally& tally) {
    Http http(options.port);
    for (uint64_t n = 0; work.next(&n);) {
      tally.time([&] {
        const std::string& body = options.rest[1 + n % (options.rest.size() - 1)];
        if (http.request("POST", options.rest[0], body, {}, &tally.bytes) != 200) ++tally.failed;
      });
      ++tally.answers;
    }
  });
}

// ---- DICOM

bool store(const Options& options) {
  const Generator generator(options.size, options.run);
  Work work(options.first, options.count, options.seconds);
  return measure(options.connections, options.server, [&](Tally& tally) {
    Association association(kHost, options.port, options.aet, kSopClass, kTransferSyntax);
    for (uint64_t n = 0; work.next(&n);) {
      const Instance instance = generator.make(n);
      tally.time([&] {
        association.request(command_set(kSopClass, 0x0001, message_id(n), instance.sop_instance),
                            std::string_view(instance.head).substr(instance.data_set), instance.pixels);
        if (association.reply().status != 0) ++tally.failed;
      });
      tally.bytes += instance.file_size();
      ++tally.answers;
    }
    association.release();
  });
}

bool find(const Options& options) {
  std::map<uint32_t, std::string> keys;
  for (const std::string& key : options.rest) {
    keys[static_cast<uint32_t>(std::strtoul(key.c_str(), nullptr, 16))] = key.substr(key.find('=') + 1);
  }
  std::string identifier;
  for (const auto& [tag, value] : keys) implicit_element(identifier, tag, value, ' ');
  Work work(0, options.count, options.seconds);
  return measure(options.connections, options.server, [&](Tally& tally) {
    Association association(kHost, options.port, options.aet, kStudyRootFind, kImplicit);
    for (uint64_t n = 0; work.next(&n);) {
      tally.time([&] {
        association.request(command_set(kStudyRootFind, 0x0020, message_id(n)), identifier);
        Association::Reply reply;
        while ((reply = association.reply()).status == 0xff00 || reply.status == 0xff01) {
          tally.bytes += reply.data_bytes;
          ++tally.answers;
        }
        if (reply.status != 0) ++tally.failed;
      });
    }
    association.release();
  });
}

bool echo(const Options& options) {
  Work work(0, options.count, options.seconds);
  return measure(options.connections, options.server, [&](Tally& tally) {
    Association association(kHost, options.port, options.aet, kVerification, kImplicit);
    for (uint64_t n = 0; work.next(&n);) {
      tally.time([&] {
        association.request(command_set(kVerification, 0x0030, message_id(n)));
        if (association.reply().status != 0) ++tally.failed;
      });
      ++tally.answers;
      std::this_thread::sleep_for(options.pause);
    }
    association.release();
  });
}

// ---- files

bool flush(const Options& options) {
  const std::string path = options.target + "/load_client.floor";
  const int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error("cannot make " + path);
  const Generator generator(options.size, options.run);
  Work work(options.first, options.count, options.seconds);
  const bool good = measure(1, options.server, [&](Tally& tally) {
    for (uint64_t n = 0; work.next(&n);) {
      const Instance instance = generator.make(n);
      tally.time([&] {
        const iovec pieces[] = {piece_of(instance.head), piece_of(instance.pixels)};
        const bool written = ::writev(file, pieces, 2) == static_cast<ssize_t>(instance.file_size());
        if (!written || ::fdatasync(file) != 0) ++tally.failed;
      });
      tally.bytes += instance.file_size();
    }
  });
  ::close(file);
  ::unlink(path.c_str());
  return good;
}

bool write(const Options& options) {
  const Generator generator(options.size, options.run);
  for (uint64_t n = options.first; n < options.first + options.count; ++n) {
    const Instance instance = generator.make(n);
    std::ofstream file(options.target + "/" + std::to_string(n) + ".dcm", std::ios::binary);
    file << instance.head << instance.pixels;
    if (!file.flush()) throw std::runtime_error("cannot write to " + options.target);
  }
  return true;
}

// ---- command line

Size size_named(const std::string& name) {
  if (name == "small") return Size::kSmall;
  if (name == "ct") return Size::kCt;
  if (name == "large") return Size::kLarge;
  throw std::runtime_error("--size takes small, ct or large, not " + name);
}

void set(Options& options, const std::string& name, const std::string& value) {
  if (name == "--size") {
    options.size = size_named(value);
  } else if (name == "--connections") {
    options.connections = std::stoi(value);
  } else if (name == "--count") {
    options.count = std::stoull(value);
  } else if (name == "--seconds") {
    options.seconds = std::stod(value);
  } else if (name == "--pause-ms") {
    options.pause = std::chrono::milliseconds(std::stoi(value));
  } else if (name == "--first") {
    options.first = std::stoull(value);
  } else if (name == "--run") {
    options.run = static_cast<uint32_t>(std::stoul(value));
  } else if (name == "--aet") {
    options.aet = value;
  } else if (name == "--pid") {
    for (size_t at = 0; at < value.size(); at = std::min(value.size(), value.find(',', at)) + 1) {
      options.server.push_back(std::atoi(value.c_str() + at));
    }
  } else {
    throw std::runtime_error("unknown option " + name);
  }
}

Options parse(int argc, char** argv) {
  if (argc < 3)
    throw std::runtime_error("load_client store|post|get|ask|find|echo PORT, or flush|write FOLDER");
  Options options;
  options.mode = argv[1];
  options.target = argv[2];
  options.port = std::atoi(argv[2]);
  for (int i = 3; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.rfind("--", 0) != 0) {
      options.rest.push_back(argument);
    } else if (i + 1 < argc) {
      set(options, argument, argv[++i]);
    } else {
      throw std::runtime_error(argument + " takes a value");
    }
  }
  if (options.count == 0 && options.seconds <= 0) throw std::runtime_error("--count or --seconds is needed");
  return options;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  using bench::Options;
  static const std::map<std::string, bool (*)(const Options&)> kModes = {
      {"store", bench::store}, {"post", bench::post}, {"get", bench::get},     {"ask", bench::ask},
      {"find", bench::find},   {"echo", bench::echo}, {"flush", bench::flush}, {"write", bench::write}};
  try {
    const Options options = bench::parse(argc, argv);
    const auto mode = kModes.find(options.mode);
    if (mode == kModes.end()) throw std::runtime_error("unknown mode " + options.mode);
    return mode->second(options) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load_client: %s\n", error.what());
    return 2;
  }
}
