// One request on its way through a worker thread, and its answer on the way back.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/answer.h"
#include "core/http/connection.h"
#include "core/http/head_writer.h"
#include "core/http/request.h"

namespace hilum::http {

// Made by the connection on its I/O thread. Run there if the route is short, else once on a worker thread,
// which is the only one to touch it from then on.
class Exchange : public AnswerSink {
 public:
  Exchange(std::shared_ptr<Connection> connection, const ReceivedHead& head, Request request);
  ~Exchange() override;

  Request& request() { return request_; }
  // May the I/O thread answer by itself?
  bool is_short() const;
  // On the I/O thread: the answer. Nothing if the handler wants to stream; then it has to run() on a worker.
  std::optional<std::vector<OutputPiece>> run_here();
  // On a worker thread.
  void run();
  // After the answer: does the connection go on?
  bool keep_alive() const { return keep_alive_; }

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
  std::vector<OutputPiece>* collected_ = nullptr;  // while run_here() runs
  bool wants_worker_ = false;
};

// Bytes of a complete answer.
std::string answer_bytes(ReadyAnswer answer, const Framing& framing, bool head_only);

}  // namespace hilum::http
