// What libcurl calls back while one request runs.
#pragma once

#include <curl/curl.h>
#include <hilum/cpp/log.h>
#include <hilum/http_client/message.h>

#include <exception>
#include <string>

namespace hilum::http_client {

// On the stack of Client::perform; its thread only. No exception passes through libcurl: the first one is kept, and the
// transfer ends.
class Transfer {
 public:
  // `log`: not null if the transfer is to be followed in the log.
  Transfer(const Request& request, const Log* log) : request_(request), log_(log) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void attach(CURL* curl);
  void attach_body(CURL* curl);

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }
  // Why the answer was not taken; empty: it was.
  const std::string& refusal() const { return refusal_; }
  // Whether the line that ends the headers of the final answer has come.
  bool has_whole_head() const { return has_whole_head_; }
  Response take_response() { return std::move(response_); }

 private:
  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  static size_t on_read(char* to, size_t size, size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  static int on_debug(CURL*, curl_infotype type, char* data, size_t size, void* self);

  bool take_header(std::string_view line);
  bool take_body(std::string_view piece);
  void follow(curl_infotype type, std::string_view text) const;
  // Runs a callback's body; `otherwise` if it throws.
  template <typename Result, typename Function>
  Result guarded(Result otherwise, Function&& function) {
    try {
      return function();
    } catch (...) {
      if (!error_) error_ = std::current_exception();
      return otherwise;
    }
  }

  const Request& request_;
  const Log* log_;
  Response response_;
  uint64_t header_bytes_ = 0;  // of all answers, interim ones included
  bool has_whole_head_ = false;
  uint64_t sent_ = 0;  // how far the body has been read
  std::string refusal_;
  std::exception_ptr error_;
};

}  // namespace hilum::http_client
