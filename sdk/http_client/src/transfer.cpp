#include "transfer.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace hilum::http_client {

namespace {

constexpr uint64_t kMostHeaderBytes = 256 * 1024;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return lower;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace

void Transfer::attach(CURL* curl) {
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
  if (log_) {
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, &Transfer::on_debug);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, this);
  }
}

void Transfer::attach_body(CURL* curl) {
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, &Transfer::on_read);
  curl_easy_setopt(curl, CURLOPT_READDATA, this);
  curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, &Transfer::on_seek);
  curl_easy_setopt(curl, CURLOPT_SEEKDATA, this);
}

size_t Transfer::on_header(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  return transfer.guarded(size_t{0}, [&] {
    return transfer.take_header({data, size * count}) ? size * count : 0;
  });
}

size_t Transfer::on_body(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  return transfer.guarded(size_t{0}, [&] {
    return transfer.take_body({data, size * count}) ? size * count : 0;
  });
}

bool Transfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMostHeaderBytes) {
    refusal_ = "the headers of the answer are longer than " + std::to_string(kMostHeaderBytes) + " bytes";
    return false;
  }
  if (line.substr(0, 5) == "HTTP/") {  // an interim answer (1xx) may have come before
    response_ = Response();
    has_whole_head_ = false;
    const size_t space = line.find(' ');
    if (space != std::string_view::npos)
      response_.status = std::atoi(std::string(line.substr(space + 1, 3)).c_str());
    return true;
  }
  if (trimmed(line).empty()) has_whole_head_ = true;
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    response_.headers.emplace_back(lower_case(trimmed(line.substr(0, colon))),
                                   trimmed(line.substr(colon + 1)));
  }
  return true;
}

bool Transfer::take_body(std::string_view piece) {
  if (request_.on_piece) {
    request_.on_piece(piece);
    return true;
  }
  if (piece.size() > request_.answer_limit - response_.body.size()) {
    refusal_ = "the answer is longer than " + std::to_string(request_.answer_limit) + " bytes";
    return false;
  }
  response_.body += piece;
  return true;
}

size_t Transfer::on_read(char* to, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  return transfer.guarded(size_t{CURL_READFUNC_ABORT}, [&] {
    const Body& body = *transfer.request_.body;
    const auto wanted = static_cast<size_t>(
        std::min<uint64_t>(size * count, body.size - std::min(body.size, transfer.sent_)));
    if (wanted == 0) return size_t{0};
    const size_t got = body.read(transfer.sent_, to, wanted);
    if (got == 0)
      throw Error(HILUM_E_CORRUPTED, "the body of an outgoing request is shorter than it should be");
    transfer.sent_ += got;
    return got;
  });
}

int Transfer::on_seek(void* self, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Transfer*>(self)->sent_ = static_cast<uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

int Transfer::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(self);
  return transfer.guarded(
      1, [&] { return transfer.request_.is_cancelled && transfer.request_.is_cancelled() ? 1 : 0; });
}

int Transfer::on_debug(CURL*, curl_infotype type, char* data, size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  return transfer.guarded(0, [&] {
    transfer.follow(type, {data, size});
    return 0;
  });
}

// One line for each thing that happens. Of headers only the names: what they hold may be secret.
void Transfer::follow(curl_infotype type, std::string_view text) const {
  if (type != CURLINFO_TEXT && type != CURLINFO_HEADER_OUT && type != CURLINFO_HEADER_IN) return;
  const char* direction = type == CURLINFO_TEXT ? "* " : type == CURLINFO_HEADER_OUT ? "> " : "< ";
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    // With the whole URL, the password of it included; the request line follows anyway.
    if (type == CURLINFO_TEXT && line.find("to this URL") != std::string_view::npos) continue;
    const bool is_first = line.find(" HTTP/1") != std::string_view::npos || line.substr(0, 5) == "HTTP/";
    if (type == CURLINFO_HEADER_OUT && is_first) {
      log_->info("outgoing HTTP > " + request_.method + " " + without_secrets(request_.url));
      continue;
    }
    // libcurl tells under which user it comes.
    if (type == CURLINFO_TEXT && line.find("auth using") != std::string_view::npos)
      line = line.substr(0, line.find(" with "));
    if (type != CURLINFO_TEXT && !is_first) line = line.substr(0, line.find(':'));
    log_->info("outgoing HTTP " + std::string(direction) + std::string(line.substr(0, 300)));
  }
}

}  // namespace hilum::http_client
