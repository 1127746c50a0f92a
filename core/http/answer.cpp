#include "core/http/answer.h"

#include <hilum/cpp/error.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/http/compression.h"
#include "core/http/status_text.h"
#include "core/http/xml.h"

namespace hilum::http {
namespace {

bool is_token(std::string_view text) {
  static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

void check_field(std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_field_value(value)) {
    throw Error(HILUM_E_OUT_OF_RANGE, "not a header that HTTP allows: " + std::string(name));
  }
  // The connection's own; a handler that sets them would break the framing.
  for (std::string_view own : {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Date"}) {
    if (equal_ignoring_case(name, own)) {
      throw Error(HILUM_E_OUT_OF_RANGE, "the server itself sets the header " + std::string(own));
    }
  }
}

void set_header(Fields& headers, std::string_view name, std::string_view value) {
  for (auto& [key, old] : headers) {
    if (equal_ignoring_case(key, name)) {
      old = value;
      return;
    }
  }
  headers.emplace_back(name, value);
}

bool is_json(std::string_view content_type) {
  return equal_ignoring_case(content_type.substr(0, content_type.find(';')), "application/json");
}

}  // namespace

std::shared_ptr<const void> own_fd(int fd) {
  return std::shared_ptr<const void>(nullptr, [fd](const void*) { ::close(fd); });
}

void Answer::status(int code) {
  if (code < 200 || code > 599) {
    throw Error(HILUM_E_OUT_OF_RANGE, "not a final HTTP status: " + std::to_string(code));
  }
  head_.status = code;
}

void Answer::header(std::string_view name, std::string_view value) {
  check_field(name, value);
  set_header(head_.headers, name, value);
}

void Answer::add_header(std::string_view name, std::string_view value) {
  check_field(name, value);
  head_.headers.emplace_back(name, value);
}

void Answer::leave_open(State next) {
  if (state_ != State::kOpen) throw Error(HILUM_E_BAD_SEQUENCE, "the request has been answered already");
  state_ = next;
}

void Answer::content_type(std::string_view type) {
  if (!type.empty()) header("Content-Type", type);
}

void Answer::convert(std::string& body) {
  const std::string* type = find_header(head_.headers, "Content-Type");
  if (!type || head_.status == 206 || find_header(head_.headers, "Content-Encoding")) return;
  if (rules_.as_xml && is_json(*type)) {
    body = json_to_xml(body);
    set_header(head_.headers, "Content-Type", "application/xml; charset=utf-8");
    type = find_header(head_.headers, "Content-Type");
  }
  if (!rules_.vary || body.size() < kMinimumCompressedSize || !is_compressible(*type)) return;
  add_header("Vary", "Accept-Encoding");
  if (rules_.coding == AnswerRules::Coding::kNone) return;
  body = compress(body, rules_.coding);
  header("Content-Encoding", coding_name(rules_.coding));
}

void Answer::bytes(std::string_view type, std::string body) {
  if (state_ != State::kOpen) leave_open(State::kDone);
  content_type(type);
  if (rules_.as_xml || rules_.vary) convert(body);
  leave_open(State::kDone);
  body_size_ = body.size();
  sink_.send(std::move(head_), std::move(body));
}

void Answer::empty(int code) {
  status(code);
  bytes({}, {});
}

void Answer::file(std::string_view type, FileRange range) {
  if (state_ != State::kOpen) leave_open(State::kDone);
  if (range.fd < 0) throw Error(HILUM_E_INTERNAL, "an answer from a file that is not open");
  content_type(type);
  leave_open(State::kDone);
  body_size_ = range.size;
  sink_.send_file(std::move(head_), std::move(range));
}

bool Answer::begin(std::string_view type, std::optional<uint64_t> length) {
  if (state_ != State::kOpen) leave_open(State::kStreaming);
  content_type(type);
  length_ = length;
  gone_ = !sink_.begin(std::move(head_), length);  // may refuse: then the answer is still open, for the error
  leave_open(State::kStreaming);
  return !gone_;
}

bool Answer::write(std::string_view piece) {
  if (state_ != State::kStreaming) throw Error(HILUM_E_BAD_SEQUENCE, "write() outside begin() and end()");
  if (gone_) return false;
  if (length_ && piece.size() > *length_ - body_size_) {
    throw Error(HILUM_E_BAD_SEQUENCE, "a stream longer than the length that was announced");
  }
  if (piece.empty()) return true;
  body_size_ += piece.size();
  gone_ = !sink_.write(piece);
  return !gone_;
}

void Answer::end() {
  if (state_ != State::kStreaming) throw Error(HILUM_E_BAD_SEQUENCE, "end() without begin()");
  state_ = State::kDone;
  sink_.end(gone_ || !length_ || *length_ == body_size_);
}

void Answer::abort_stream() {
  if (state_ != State::kStreaming) return;
  state_ = State::kDone;
  sink_.end(false);
}

void Answer::ready(ReadyAnswer answer) {
  leave_open(State::kDone);
  body_size_ = answer.body.size();
  head_.status = answer.head.status;
  sink_.send(std::move(answer.head), std::move(answer.body));
}

void CapturedAnswer::send(AnswerHead head, std::string body) {
  head_ = std::move(head);
  body_ = std::move(body);
  complete_ = true;
}

void CapturedAnswer::send_file(AnswerHead head, FileRange range) {
  if (range.size > limit_) throw Error(HILUM_E_TOO_LARGE, "an answer too long to be kept in memory");
  head_ = std::move(head);
  body_.resize(static_cast<size_t>(range.size));
  size_t done = 0;
  while (done < body_.size()) {
    const ssize_t got =
        ::pread(range.fd, body_.data() + done, body_.size() - done, static_cast<off_t>(range.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;  // stays incomplete
    done += static_cast<size_t>(got);
  }
  complete_ = true;
}

bool CapturedAnswer::begin(AnswerHead head, std::optional<uint64_t>) {
  head_ = std::move(head);
  return true;
}

bool CapturedAnswer::write(std::string_view piece) {
  if (piece.size() > limit_ - std::min(limit_, body_.size())) {
    throw Error(HILUM_E_TOO_LARGE, "an answer too long to be kept in memory");
  }
  body_ += piece;
  return true;
}

void CapturedAnswer::end(bool complete) { complete_ = complete; }

}  // namespace hilum::http
