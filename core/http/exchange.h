// One request on its way through a worker thread, and its answer on the way back.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/answer.h"
#include "core/http/connection.h"
#include "core/http/head_writer.h"
#include "core/http/request.h"

namespace hilum::http {

// Made by the connection on its I/O thread, run once on a worker thread, which is the only one to touch it
// from then on.
class Exchange : public AnswerSink {
 public:
  Exchange(std::shared_ptr<Connection> connection, const ReceivedHead& head, Request request);
  ~Exchange() override;

  Request& request() { return request_; }
  // On a worker thread.
  void run();

  void send(AnswerHead head, std::string body) override;
  void send_file(AnswerHead head, FileRange range) override;
  bool begin(AnswerHead head, std::optional<uint64_t> length) override;
  bool write(std::string_view piece) override;
  void end(bool complete) override;

 private:
  Framing framing(std::optional<uint64_t> length) const;
  void post(OutputPiece piece, bool last);
  bool bodyless(const AnswerHead& head) const;

  std::shared_ptr<Connection> connection_;
  Request request_;
  const int minor_version_;
  const bool head_only_;  // HEAD on the wire
  bool keep_alive_;
  bool chunked_ = false;
  bool ended_ = false;
};

// Bytes of a complete answer.
std::string answer_bytes(ReadyAnswer answer, const Framing& framing, bool head_only);

}  // namespace hilum::http
