#include "core/http/exchange.h"

#include <charconv>
#include <utility>

#include "core/base/log.h"
#include "core/http/status_text.h"
#include "core/http/transport.h"

namespace hilum::http {
namespace {

// Shorter bodies are copied behind their heads, so that one send() and one piece carry both.
constexpr size_t kJoinedBody = 16 * 1024;

}  // namespace

Exchange::Exchange(std::shared_ptr<Connection> connection, const ReceivedHead& head, Request request)
    : connection_(std::move(connection)),
      request_(std::move(request)),
      minor_version_(head.minor_version),
      head_only_(head.method == "HEAD"),
      keep_alive_(head.keep_alive && connection_->context().options.keep_alive) {
  connection_->context().busy.fetch_add(1, std::memory_order_relaxed);
}

Exchange::~Exchange() { connection_->context().busy.fetch_sub(1, std::memory_order_release); }

// What query arguments or an Accept header ask for may take longer; authenticators and filters of plugins may wait.
bool Exchange::is_short() const {
  if (!request_.route || !request_.route->is_short || !request_.query.empty() || !request_.body.empty())
    return false;
  const std::string* accept = request_.header("Accept");
  return (!accept || *accept == "*/*") && !connection_->context().dispatcher.asks_others();
}

std::optional<std::vector<OutputPiece>> Exchange::run_here() {
  const bool keep_alive = keep_alive_;
  std::vector<OutputPiece> pieces;
  collected_ = &pieces;
  run();
  collected_ = nullptr;
  if (!std::exchange(wants_worker_, false)) return pieces;
  keep_alive_ = keep_alive;
  chunked_ = ended_ = false;
  return std::nullopt;
}

void Exchange::run() {
  const LogContext context("request", std::to_string(request_.id));
  connection_->context().dispatcher.run(request_, *this);
}

Framing Exchange::framing(std::optional<uint64_t> length) const {
  Framing framing;
  framing.length = length;
  framing.keep_alive = keep_alive_ && !connection_->context().draining.load(std::memory_order_relaxed);
  framing.keep_alive_seconds = connection_->context().options.keep_alive_timeout.count() / 1000;
  return framing;
}

bool Exchange::bodyless(const AnswerHead& head) const { return head_only_ || !status_has_body(head.status); }

void Exchange::post(OutputPiece piece, bool last) {
  ended_ = ended_ || last;
  if (collected_) return collected_->push_back(std::move(piece));
  connection_->transport().post({connection_, std::move(piece), last, keep_alive_});
}

void Exchange::send(AnswerHead head, std::string body) {
  OutputPiece piece;
  std::optional<uint64_t> length;
  if (status_has_body(head.status)) length = body.size();
  const Framing how = framing(length);
  keep_alive_ = how.keep_alive;
  const bool joined = body.size() <= kJoinedBody;
  piece.bytes.reserve(384 + (joined ? body.size() : 0));
  write_head(piece.bytes, head, how);
  if (bodyless(head) || body.empty()) return post(std::move(piece), true);
  if (joined) {
    piece.bytes += body;
    return post(std::move(piece), true);
  }
  post(std::move(piece), false);
  post({std::move(body), {}}, true);
}

void Exchange::send_file(AnswerHead head, FileRange range) {
  OutputPiece piece;
  const Framing how = framing(range.size);
  keep_alive_ = how.keep_alive;
  write_head(piece.bytes, head, how);
  if (bodyless(head) || range.size == 0) return post(std::move(piece), true);
  post(std::move(piece), false);
  OutputPiece file;
  file.file = std::move(range);
  post(std::move(file), true);
}

bool Exchange::begin(AnswerHead head, std::optional<uint64_t> length) {
  if (collected_ && !bodyless(head)) {
    wants_worker_ = true;
    throw Error(HILUM_E_BUSY, "a stream may have to wait for its client, which an I/O thread cannot");
  }
  if (!bodyless(head) && !connection_->context().pool.may_block()) {
    throw Error(HILUM_E_BUSY, "too many clients are reading long answers");
  }
  Framing how = framing(status_has_body(head.status) ? length : std::nullopt);
  if (!length && status_has_body(head.status)) {
    // HTTP/1.0 knows no chunks: there the end of the connection is the end of the body.
    how.chunked = minor_version_ == 1;
    how.keep_alive = how.keep_alive && how.chunked;
  }
  keep_alive_ = how.keep_alive;
  chunked_ = how.chunked && !bodyless(head);
  OutputPiece piece;
  write_head(piece.bytes, head, how);
  post(std::move(piece), bodyless(head));
  return !bodyless(head) && !connection_->gone();
}

bool Exchange::write(std::string_view piece) {
  if (ended_) return false;
  std::string bytes;
  if (chunked_) {
    char size[24];
    const auto end = std::to_chars(size, size + sizeof size, piece.size(), 16).ptr;
    bytes.reserve(piece.size() + 24);
    bytes.append(size, static_cast<size_t>(end - size)).append("\r\n");
  }
  bytes += piece;
  if (chunked_) bytes += "\r\n";
  if (!connection_->reserve(bytes.size())) return false;
  post({std::move(bytes), {}}, false);
  return true;
}

void Exchange::end(bool complete) {
  if (ended_) return;
  if (!complete) {
    keep_alive_ = false;
    // Without the last chunk, or with bytes missing, the client sees a cut answer.
    return post({}, true);
  }
  post({chunked_ ? "0\r\n\r\n" : "", {}}, true);
}

std::string answer_bytes(ReadyAnswer answer, const Framing& framing, bool head_only) {
  Framing how = framing;
  if (status_has_body(answer.head.status)) how.length = answer.body.size();
  std::string bytes;
  write_head(bytes, answer.head, how);
  if (!head_only && status_has_body(answer.head.status)) bytes += answer.body;
  return bytes;
}

}  // namespace hilum::http
