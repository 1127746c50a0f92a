// hilum.rest/1
#include <hilum/rest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/http/answer.h"
#include "core/http/dispatcher.h"
#include "core/plugins/convert.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

constexpr int kNesting = 16;

// Passes the body of an answer on to the caller piece by piece. The first failure of the caller's sink is
// kept, and the producer is told that the client has gone.
class SinkAnswer : public http::AnswerSink {
 public:
  SinkAnswer(Plugin& plugin, hilum_sink sink) : plugin_(plugin), sink_(sink) {}

  void send(http::AnswerHead head, std::string body) override {
    status_ = head.status;
    write(body);
    complete_ = true;
  }
  void send_file(http::AnswerHead head, http::FileRange range) override {
    status_ = head.status;
    std::array<char, 64 * 1024> piece;
    for (uint64_t done = 0; done < range.size;) {
      const auto wanted = static_cast<size_t>(std::min<uint64_t>(piece.size(), range.size - done));
      const ssize_t count = ::pread(range.fd, piece.data(), wanted, static_cast<off_t>(range.offset + done));
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count <= 0 || !write({piece.data(), static_cast<size_t>(count)})) {
        return;
      }
      done += static_cast<uint64_t>(count);
    }
    complete_ = true;
  }
  bool begin(http::AnswerHead head, std::optional<uint64_t>) override {
    status_ = head.status;
    return true;
  }
  bool write(std::string_view piece) override {
    if (!failure_ && !piece.empty()) {
      try {
        write_sink(plugin_, sink_, piece);
      } catch (const Error& error) {
        failure_ = error;
      }
    }
    return !failure_;
  }
  void end(bool complete) override { complete_ = complete; }

  // The HTTP status. Throws if the caller's sink has failed, or if the answer was cut.
  int finish() const {
    if (failure_) {
      throw *failure_;
    }
    if (!complete_) {
      throw Error(HILUM_E_NETWORK, "the answer was cut: whoever made it failed after its start");
    }
    return status_;
  }

 private:
  Plugin& plugin_;
  hilum_sink sink_;
  int status_ = 0;
  bool complete_ = false;
  std::optional<Error> failure_;
};

class Nesting {
 public:
  Nesting() {
    if (depth() >= kNesting) {
      throw Error(HILUM_E_BUSY,
                  "REST calls inside of REST calls are more than " + std::to_string(kNesting) + " deep");
    }
    ++depth();
  }
  ~Nesting() { --depth(); }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  static int& depth() {
    thread_local int value = 0;
    return value;
  }
};

http::Method method_of(uint32_t method) {
  switch (method) {
    case HILUM_GET:
      return http::Method::kGet;
    case HILUM_POST:
      return http::Method::kPost;
    case HILUM_PUT:
      return http::Method::kPut;
    case HILUM_DELETE:
      return http::Method::kDelete;
    default:
      throw Error(HILUM_E_OUT_OF_RANGE, "there is no method " + std::to_string(method));
  }
}

http::Request request_of(const hilum_rest_call& call) {
  http::Fields headers;
  if (call.header_count > 0) {
    required(call.headers, "headers");
  }
  for (uint64_t i = 0; i < call.header_count; ++i) {
    headers.emplace_back(to_view(call.headers[i].name), to_view(call.headers[i].value));
  }
  std::string body;
  if (call.body_size > 0) {
    body.assign(&required(static_cast<const char*>(call.body), "body"), static_cast<size_t>(call.body_size));
  }
  return http::make_internal_request(method_of(call.method), to_view(call.path), std::move(headers),
                                     http::Body(std::move(body)));
}

int32_t call(const hilum_host* host, const hilum_rest_call* call, int32_t* http_status, hilum_sink body) {
  return guarded("hilum.rest/1 call", [&] {
    Plugin& plugin = plugin_of(host);
    if (!plugin.context().all_started) {
      throw Error(HILUM_E_BAD_SEQUENCE, "REST calls are possible when all plugins have started");
    }
    required(body.write, "body.write");
    const Nesting nesting;
    http::Request request = request_of(read_struct(call, "call"));
    SinkAnswer answer(plugin, body);
    plugin.services().dispatcher.call(request, answer);
    const int status = answer.finish();
    if (http_status) {
      *http_status = status;
    }
  });
}

const hilum_rest_v1 kTable = {&call};

}  // namespace

const void* rest_table() { return &kTable; }

}  // namespace hilum::plugins
