#include "core/http/multipart.h"

#include <hilum/cpp/error.h>

#include <algorithm>

namespace hilum::http {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error(HILUM_E_BAD_REQUEST, "multipart body: " + why);
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

Fields parse_part_head(std::string_view head) {
  Fields fields;
  while (!head.empty()) {
    const size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) refuse("a part has a malformed header line");
    if (fields.size() == MultipartParser::kMaxPartFields) refuse("a part has too many header lines");
    fields.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  return fields;
}

// Reads a quoted string whose opening quote stands at `at`; leaves `at` behind the closing one.
std::string read_quoted(std::string_view text, size_t& at) {
  std::string value;
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    // Browsers escape quotes in file names as %22; a backslash only counts before a quote or a backslash.
    if (text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\')) ++at;
    value += text[at];
  }
  if (at < text.size()) ++at;
  return value;
}

}  // namespace

MultipartParser::MultipartParser(std::string_view boundary, MultipartEvents events)
    : delimiter_("\r\n--" + std::string(boundary)), events_(std::move(events)), buffer_("\r\n") {
  // The first delimiter may stand at the very start: the line end before it is put there.
}

void MultipartParser::feed(std::string_view piece) {
  if (state_ == State::kEpilogue) return;
  buffer_ += piece;
  while (step()) {
  }
}

void MultipartParser::finish() {
  if (state_ != State::kEpilogue) refuse("the closing delimiter is missing");
}

bool MultipartParser::step() {
  switch (state_) {
    case State::kPreamble:
    case State::kData:
      return read_until_delimiter();
    case State::kAfterDelimiter:
      return read_delimiter_end();
    case State::kHead:
      return read_head();
    case State::kDataStart:
      return read_data_start();
    case State::kEpilogue:
      buffer_.clear();
      return false;
  }
  return false;
}

bool MultipartParser::read_until_delimiter() {
  const bool in_part = state_ == State::kData;
  const size_t found = buffer_.find(delimiter_);
  size_t known = found;  // bytes that cannot belong to the delimiter
  if (found == std::string::npos) {
    known = buffer_.size() - std::min(buffer_.size(), delimiter_.size() - 1);
  }
  if (in_part && known > 0) events_.data(std::string_view(buffer_).substr(0, known));
  if (found == std::string::npos) {
    buffer_.erase(0, known);
    return false;
  }
  buffer_.erase(0, found + delimiter_.size());
  if (in_part) events_.end();
  state_ = State::kAfterDelimiter;
  return true;
}

// Behind a delimiter: "--" closes the body; blanks and a line end open a part.
bool MultipartParser::read_delimiter_end() {
  if (buffer_.size() >= 2 && buffer_.compare(0, 2, "--") == 0) {
    state_ = State::kEpilogue;
    return true;
  }
  const size_t end = buffer_.find("\r\n");
  if (buffer_.find_first_not_of(" \t\r\n-") < end || (end == std::string::npos && buffer_.size() > 256)) {
    refuse("the delimiter line has a malformed end");
  }
  if (end == std::string::npos) return false;
  if (!trimmed(std::string_view(buffer_).substr(0, end)).empty())
    refuse("the delimiter line has a malformed end");
  if (++parts_ > kMaxParts) refuse("more than " + std::to_string(kMaxParts) + " parts");
  buffer_.erase(0, end);  // its line end stays: a head without any line is two line ends then
  state_ = State::kHead;
  return true;
}

bool MultipartParser::read_head() {
  const size_t end = buffer_.find("\r\n\r\n");
  if (std::min(end, buffer_.size()) > kMaxHeadSize) refuse("the head of a part is too long");
  if (end == std::string::npos) return false;
  events_.begin(parse_part_head(std::string_view(buffer_).substr(0, end).substr(std::min<size_t>(2, end))));
  buffer_.erase(0, end + 2);
  state_ = State::kDataStart;
  return true;
}

// The buffer begins with the empty line after a head. Its line end is the delimiter's if the delimiter
// follows at once (a part without a body, RFC 2046, 5.1.1), else the body starts behind it.
bool MultipartParser::read_data_start() {
  const size_t known = std::min(buffer_.size(), delimiter_.size());
  const bool delimiter = buffer_.compare(0, known, delimiter_, 0, known) == 0;
  if (delimiter && known < delimiter_.size()) return false;
  if (!delimiter) buffer_.erase(0, 2);
  state_ = State::kData;
  return true;
}

std::optional<std::string> header_parameter(std::string_view value, std::string_view name) {
  size_t at = std::min(value.find(';'), value.size());
  while (at < value.size()) {
    ++at;  // the semicolon
    const size_t equals = std::min(value.find_first_of("=;", at), value.size());
    const std::string_view key = trimmed(value.substr(at, equals - at));
    std::string found;
    at = equals;
    if (at < value.size() && value[at] == '=') {
      ++at;
      while (at < value.size() && (value[at] == ' ' || value[at] == '\t')) ++at;
      if (at < value.size() && value[at] == '"') {
        found = read_quoted(value, at);
        at = std::min(value.find(';', at), value.size());
      } else {
        const size_t end = std::min(value.find(';', at), value.size());
        found = trimmed(value.substr(at, end - at));
        at = end;
      }
    }
    if (equal_ignoring_case(key, name)) return found;
  }
  return std::nullopt;
}

std::optional<std::string> form_boundary(std::string_view content_type) {
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
  if (!equal_ignoring_case(type, "multipart/form-data")) return std::nullopt;
  std::optional<std::string> boundary = header_parameter(content_type, "boundary");
  // RFC 2046, 5.1.1: 1 to 70 characters.
  if (!boundary || boundary->empty() || boundary->size() > 70) {
    refuse("Content-Type must name a boundary of 1 to 70 characters");
  }
  return boundary;
}

}  // namespace hilum::http
