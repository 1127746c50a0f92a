#include "core/http/request_reader.h"

#include <hilum/cpp/error.h>

// clang-format off: boost::string_view needs <ostream> but does not include it
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <ostream>
// clang-format on

#include <algorithm>
#include <charconv>
#include <limits>

namespace hilum::http {
namespace {

namespace beast = boost::beast;

constexpr size_t kBodyPiece = 16 * 1024;
// "0 CR LF CR LF": before a chunked body ends, that much of it is always to come. Beast (1.74) asserts that a
// last chunk that it has seen once is not shown to it again in fewer bytes.
constexpr size_t kShortestEnd = 5;
constexpr size_t kMaxChunkLine = 4096;  // chunk size line with extensions, and the trailer section

[[noreturn]] void refuse(int status, const std::string& why) {
  const int32_t code = status == 413 || status == 431 ? HILUM_E_TOO_LARGE : HILUM_E_BAD_REQUEST;
  throw Error(code, status, status_facts(code).message, why);
}

std::string_view text(beast::string_view view) { return {view.data(), view.size()}; }

bool is_token_char(char c) {
  static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         kOthers.find(c) != std::string_view::npos;
}

// Is `token` one of a comma-separated list?
bool lists(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    std::string_view item = value.substr(0, value.find(','));
    value.remove_prefix(std::min(item.size() + 1, value.size()));
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (equal_ignoring_case(item, token)) return true;
  }
  return false;
}

uint64_t parse_length(std::string_view value) {
  uint64_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits || error != std::errc() || end != value.data() + value.size() || length > INT64_MAX) {
    refuse(400, "Content-Length is not a number: " + std::string(value.substr(0, 40)));
  }
  return length;
}

}  // namespace

struct RequestReader::Parser {
  beast::http::request_parser<beast::http::buffer_body> beast;
};

RequestReader::RequestReader(size_t max_head_size, size_t max_fields)
    : max_head_size_(max_head_size), max_fields_(max_fields) {}

RequestReader::~RequestReader() = default;

// What Beast accepts though RFC 9112 calls it dangerous, and what is cheaper to see before parsing.
void RequestReader::check_raw_head(std::string_view raw) const {
  size_t lines = 0;
  for (size_t at = raw.find('\n'); at != std::string_view::npos; at = raw.find('\n', at + 1)) {
    ++lines;
    if (at + 1 < raw.size() && (raw[at + 1] == ' ' || raw[at + 1] == '\t')) {
      refuse(400, "a folded header line (RFC 9112, 5.2)");
    }
  }
  if (lines > max_fields_ + 2) refuse(431, "more than " + std::to_string(max_fields_) + " header lines");
}

void RequestReader::fill(ReceivedHead& head) const {
  const auto& message = parser_->beast.get();
  head.method = text(message.method_string());
  head.target = text(message.target());
  head.minor_version = message.version() == 10 ? 0 : 1;
  head.keep_alive = head.minor_version == 1;
  head.headers.reserve(static_cast<size_t>(std::distance(message.begin(), message.end())));
  size_t hosts = 0;
  size_t lengths = 0;
  size_t codings = 0;
  for (const auto& field : message) {
    const std::string_view value = text(field.value());
    switch (field.name()) {
      case beast::http::field::host:
        ++hosts;
        break;
      case beast::http::field::content_length:
        ++lengths;
        head.length = parse_length(value);
        break;
      case beast::http::field::transfer_encoding:
        ++codings;
        if (!equal_ignoring_case(value, "chunked")) refuse(501, "Transfer-Encoding may only be chunked");
        head.chunked = true;
        break;
      case beast::http::field::connection:
        if (lists(value, "close")) {
          head.keep_alive = false;
        } else if (head.minor_version == 0 && lists(value, "keep-alive")) {
          head.keep_alive = true;
        }
        break;
      case beast::http::field::expect:
        if (!equal_ignoring_case(value, "100-continue")) refuse(417, "Expect may only be 100-continue");
        head.expect_continue = head.minor_version == 1;
        break;
      default:
        break;
    }
    head.headers.emplace_back(text(field.name_string()), value);
  }
  if (hosts > 1 || (hosts == 0 && head.minor_version == 1)) refuse(400, "HTTP/1.1 requires one Host header");
  if (lengths > 1 || (lengths == 1 && codings > 0))
    refuse(400, "the request gives its length more than once");
  if (codings > 1 || (codings == 1 && head.minor_version == 0))
    refuse(400, "Transfer-Encoding is not possible here");
}

size_t RequestReader::read_head(std::string_view input, ReceivedHead& head) {
  // Empty lines before a request: RFC 9112, 2.2.
  size_t begin = 0;
  while (begin + 1 < input.size() && begin < 16 && input[begin] == '\r' && input[begin + 1] == '\n')
    begin += 2;
  if (begin < input.size() && input[begin] != '\r' && !is_token_char(input[begin])) {
    refuse(400, "this is not HTTP");
  }
  const size_t end = input.find("\r\n\r\n", std::max(begin, scanned_));
  if (end == std::string_view::npos) {
    scanned_ = input.size() - std::min<size_t>(input.size(), 3);
    if (input.size() - begin > max_head_size_) refuse(431, "the request's head is too long");
    return 0;
  }
  scanned_ = 0;
  const std::string_view raw = input.substr(begin, end + 4 - begin);
  if (raw.size() > max_head_size_) refuse(431, "the request's head is too long");
  check_raw_head(raw);
  parser_ = std::make_unique<Parser>();
  auto& beast = parser_->beast;
  beast.header_limit(static_cast<std::uint32_t>(max_head_size_ + 1024));
  // BodyWriter has the limit. (boost::none would mean 0 for bodies with a length: Boost 1.74.)
  beast.body_limit(std::numeric_limits<uint64_t>::max());
  beast::error_code error;
  const size_t used = beast.put(boost::asio::buffer(raw.data(), raw.size()), error);
  const std::string_view line = raw.substr(0, raw.find('\r'));
  const bool two_spaces = std::count(line.begin(), line.end(), ' ') == 2;
  if (error == beast::http::error::bad_version && two_spaces)
    refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  if (error || !beast.is_header_done() || used != raw.size()) {
    refuse(400, "the request's head is malformed" + (error ? ": " + error.message() : std::string()));
  }
  fill(head);
  remaining_ = head.chunked ? 0 : head.length;
  if (head.chunked) {
    chunks_ = std::move(parser_);
    chunks_->beast.eager(true);
  }
  parser_.reset();
  return begin + raw.size();
}

size_t RequestReader::read_body(std::string_view input, BodyWriter& body) {
  if (!chunks_) {
    const size_t n = static_cast<size_t>(std::min<uint64_t>(input.size(), remaining_));
    body.append(input.data(), n);
    remaining_ -= n;
    return n;
  }
  char piece[kBodyPiece];
  auto& beast = chunks_->beast;
  size_t used = 0;
  while (!beast.is_done()) {
    beast.get().body().data = piece;
    beast.get().body().size = sizeof piece;
    beast.get().body().more = true;
    beast::error_code error;
    const std::string_view rest = input.substr(used);
    if (rest.size() < kShortestEnd) break;
    const size_t n = beast.put(boost::asio::buffer(rest.data(), rest.size()), error);
    used += n;
    body.append(piece, sizeof piece - beast.get().body().size);
    if (error == beast::http::error::need_more || (!error && n == 0)) break;
    if (error && error != beast::http::error::need_buffer) {
      refuse(400, "the chunked body is malformed: " + error.message());
    }
    if (used == input.size() && !beast.is_done()) break;
  }
  if (beast.is_done()) {
    chunks_.reset();
  } else if (input.size() - used > kMaxChunkLine) {
    refuse(400, "a chunk's size line is too long");
  }
  return used;
}

}  // namespace hilum::http
