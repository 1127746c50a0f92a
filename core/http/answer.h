// How a handler answers: bytes, a file range or a stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/request.h"

namespace hilum::http {

// Status and headers. Content-Length, Connection, Date and the like are added by the sink, not by handlers.
struct AnswerHead {
  int status = 200;
  Fields headers;
};

// A complete answer that no handler made: refusals and errors.
struct ReadyAnswer {
  AnswerHead head;
  std::string body;
};

// A piece of an open file. `owner` keeps `fd` open until the last byte is sent.
struct FileRange {
  int fd = -1;
  uint64_t offset = 0;
  uint64_t size = 0;
  std::shared_ptr<const void> owner;
};
// An owner that closes `fd`.
std::shared_ptr<const void> own_fd(int fd);

// Where an answer goes: a connection or memory. Exactly one of send, send_file and begin is called, once.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  virtual void send(AnswerHead head, std::string body) = 0;
  virtual void send_file(AnswerHead head, FileRange range) = 0;
  // A stream; without `length` its end is known from end(). False: the client has gone.
  virtual bool begin(AnswerHead head, std::optional<uint64_t> length) = 0;
  // Blocks while the client is slow. False: the client has gone, stop producing.
  virtual bool write(std::string_view piece) = 0;
  // `complete` false: the producer failed; the client must notice (connection cut).
  virtual void end(bool complete) = 0;
};

// What the front makes of a handler's answer before it goes to the sink.
struct AnswerRules {
  bool as_xml = false;  // JSON answers become XML
  enum class Coding : uint8_t { kNone, kGzip, kDeflate } coding = Coding::kNone;
  bool vary = false;  // compression is on: say that answers depend on Accept-Encoding
};

// The handler's side of an answer, used on the thread that runs the handler. Status and headers first, then
// exactly one of bytes(), file(), or begin() ... write() ... end(). A second answer throws
// HILUM_E_BAD_SEQUENCE. Lives on the stack of the thread that runs the handler.
class Answer {
 public:
  explicit Answer(AnswerSink& sink, AnswerRules rules = {}) : sink_(sink), rules_(rules) {}
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  void status(int code);
  // Replaces a header of that name. Throws HILUM_E_OUT_OF_RANGE for names or values that HTTP does not allow.
  void header(std::string_view name, std::string_view value);
  // Adds one more of that name (Set-Cookie).
  void add_header(std::string_view name, std::string_view value);

  // Whole body in memory. An empty content type sends no Content-Type.
  void bytes(std::string_view content_type, std::string body);
  void json(std::string body) { bytes("application/json; charset=utf-8", std::move(body)); }
  // No body, no Content-Type.
  void empty(int code);
  // `owner` keeps `fd` open; the range must exist. Ranges that the client asks for are the handler's
  // business.
  void file(std::string_view content_type, FileRange range);
  // False from begin() or write(): the client has gone; further calls are harmless.
  bool begin(std::string_view content_type, std::optional<uint64_t> length = std::nullopt);
  bool write(std::string_view piece);
  void end();

  // Replaces what the handler has set so far by a refusal or an error; goes out as it is.
  void ready(ReadyAnswer answer);

  // The headers that the handler has set so far, and the status.
  const AnswerHead& head() const { return head_; }
  bool answered() const { return state_ != State::kOpen; }
  bool streaming() const { return state_ == State::kStreaming; }
  // Ends a stream whose producer failed: the client sees a cut connection, not a short body.
  void abort_stream();
  // Bytes of body given so far.
  uint64_t body_size() const { return body_size_; }

 private:
  enum class State { kOpen, kStreaming, kDone };
  void leave_open(State next);
  void content_type(std::string_view type);
  void convert(std::string& body);

  AnswerSink& sink_;
  AnswerRules rules_;
  AnswerHead head_;
  State state_ = State::kOpen;
  bool gone_ = false;
  uint64_t body_size_ = 0;
  std::optional<uint64_t> length_;
};

// An answer kept in memory: REST calls from inside the process. Bodies over `limit` throw HILUM_E_TOO_LARGE
// into the handler.
class CapturedAnswer : public AnswerSink {
 public:
  explicit CapturedAnswer(size_t limit = size_t{1} << 30) : limit_(limit) {}
  void send(AnswerHead head, std::string body) override;
  void send_file(AnswerHead head, FileRange range) override;
  bool begin(AnswerHead head, std::optional<uint64_t> length) override;
  bool write(std::string_view piece) override;
  void end(bool complete) override;

  int status() const { return head_.status; }
  const Fields& headers() const { return head_.headers; }
  const std::string* header(std::string_view name) const { return find_header(head_.headers, name); }
  const std::string& body() const { return body_; }
  std::string take_body() { return std::move(body_); }
  bool complete() const { return complete_; }  // false: nothing came, or a stream was cut

 private:
  size_t limit_;
  AnswerHead head_;
  std::string body_;
  bool complete_ = false;
};

}  // namespace hilum::http
