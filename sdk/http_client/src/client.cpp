#include <curl/curl.h>
#include <hilum/http_client/client.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <exception>
#include <mutex>

#include "transfer.h"

namespace hilum::http_client {

namespace {

// Slower than any line that is worth its name: what bounds a transfer that never pauses and never ends.
constexpr uint64_t kSlowest = 8 * 1024;  // bytes per second
constexpr long kUploadBuffer = 256 * 1024;
constexpr uint64_t kLongestCurlBody = INT64_MAX;

void initialize_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
      throw Error(HILUM_E_SYSTEM, "libcurl does not start");
  });
}

// A list that libcurl reads while a request runs.
class HeaderList {
 public:
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() { curl_slist_free_all(list_); }

  void add(const std::string& line) {
    curl_slist* longer = curl_slist_append(list_, line.c_str());
    if (!longer) throw Error(HILUM_E_NO_MEMORY);
    list_ = longer;
  }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

RequestError local_error(int32_t code, std::string details) {
  return RequestError(RequestError::Kind::kLocal, code, std::move(details));
}

void add_headers(const Request& request, HeaderList& list) {
  for (const auto& [name, value] : request.headers) {
    if (!is_header_name(name) || !is_header_value(value)) {
      throw local_error(HILUM_E_BAD_FORMAT,
                        "a header of an outgoing request has a name or a value that HTTP does not allow");
    }
    // libcurl's way to write a header without a value.
    list.add(value.empty() ? name + ";" : name + ": " + value);
  }
  list.add("Expect:");  // many servers leave a question whether to go on unanswered: a second each time
}

RequestError::Kind kind_of(CURLcode code) {
  using Kind = RequestError::Kind;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return Kind::kUnreachable;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CLIENTCERT:
      return Kind::kTls;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
      return Kind::kLocal;
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9: what comes does not begin like an answer
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR:
    case CURLE_TOO_MANY_REDIRECTS:
      return Kind::kAnswer;
    case CURLE_ABORTED_BY_CALLBACK:
      return Kind::kCancelled;
    default:
      return Kind::kLost;
  }
}

}  // namespace

class Client::Impl {
 public:
  Impl(Settings settings, const Log& log) : settings_(std::move(settings)), log_(log) {
    initialize_library();
    curl_.reset(curl_easy_init());
    if (!curl_) throw Error(HILUM_E_NO_MEMORY, "no handle for outgoing requests");
  }

  Response perform(const Request& request) {
    Transfer transfer(request, settings_.verbose ? &log_ : nullptr);
    HeaderList headers;
    add_headers(request, headers);
    curl_easy_reset(curl_.get());  // keeps the connection
    error_[0] = '\0';
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_HTTPHEADER, headers.get());
    set_target(request);
    set_tls(request.certificate);
    set_body(request, transfer);
    set_times(request);
    transfer.attach(curl_.get());
    const CURLcode code = curl_easy_perform(curl_.get());
    // What hangs on it lives no longer than this call.
    curl_easy_reset(curl_.get());
    transfer.rethrow();
    if (code != CURLE_OK) throw failure(code, request, transfer);
    if (!transfer.has_whole_head()) {  // libcurl takes the end of the connection for the end of the head
      throw RequestError(
          RequestError::Kind::kLost, HILUM_E_NETWORK,
          request.method + " " + without_secrets(request.url) + ": the answer breaks off in its head");
    }
    return transfer.take_response();
  }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    if (curl_easy_setopt(curl_.get(), option, value) != CURLE_OK) {
      throw local_error(HILUM_E_OUT_OF_RANGE, "an outgoing request cannot be set up (libcurl, option " +
                                                  std::to_string(option) + ")");
    }
  }
  void set_text(CURLoption option, const std::string& value) {
    if (!value.empty()) set(option, value.c_str());
  }

  void set_target(const Request& request) {
    if (request.url.find('\0') != std::string::npos)
      throw local_error(HILUM_E_BAD_FORMAT, "a URL with a NUL byte");
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_DEFAULT_PROTOCOL, "http");
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_USERAGENT, "Hilum");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_PROXY, settings_.proxy.c_str());  // an empty one keeps the environment out
    if (request.credentials) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_USERNAME, request.credentials->user.c_str());
      set(CURLOPT_PASSWORD, request.credentials->password.c_str());
    }
  }

  void set_tls(const ClientCertificate& certificate) {
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_SSL_VERIFYPEER, settings_.verify_peers ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYHOST, settings_.verify_peers ? 2L : 0L);
    set_text(CURLOPT_CAINFO, settings_.ca_file);
    set_text(CURLOPT_SSLCERT, certificate.file);
    set_text(CURLOPT_SSLKEY, certificate.key_file);
    set_text(CURLOPT_KEYPASSWD, certificate.key_password);
  }

  void set_body(const Request& request, Transfer& transfer) {
    if (request.body) {
      if (request.body->size > kLongestCurlBody)
        throw local_error(HILUM_E_TOO_LARGE, "the body of an outgoing request");
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body->size));
      set(CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
      transfer.attach_body(curl_.get());
    }
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (!is_header_name(request.method)) {
      throw local_error(HILUM_E_BAD_FORMAT, "the method of an outgoing request is none");
    } else {
      set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }

  void set_times(const Request& request) {
    const std::chrono::seconds timeout = request.timeout.value_or(settings_.timeout);
    if (timeout.count() <= 0) return;
    constexpr uint64_t kLongest = 30 * 24 * 3600;  // libcurl takes some times as milliseconds in 32 bits
    const uint64_t seconds = std::min(kLongest, static_cast<uint64_t>(timeout.count()));
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(seconds));
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds));
    if (request.on_piece) return;  // nobody knows how long the answer is
    const uint64_t bytes = (request.body ? request.body->size : 0) + request.answer_limit;
    set(CURLOPT_TIMEOUT, static_cast<long>(std::min(kLongest, seconds + bytes / kSlowest)));
  }

  RequestError failure(CURLcode code, const Request& request, const Transfer& transfer) const {
    std::string details = request.method + " " + without_secrets(request.url) + ": ";
    if (!transfer.refusal().empty()) {
      details += transfer.refusal();
      return RequestError(RequestError::Kind::kAnswer, HILUM_E_NETWORK, details);
    }
    details += curl_easy_strerror(code);
    if (const std::string more = shown(error_.data()); !more.empty()) details += " (" + more + ")";
    const RequestError::Kind kind = kind_of(code);
    return RequestError(kind, HILUM_E_NETWORK, details);
  }

  // What libcurl says more, as far as it is fit to be read: it may quote the other side.
  static std::string shown(std::string_view text) {
    constexpr size_t kLongest = 200;
    std::string line;
    for (const char c : text.substr(0, kLongest)) line += c >= 0x20 && c < 0x7f ? c : '?';
    return line;
  }

  const Settings settings_;
  const Log log_;
  std::unique_ptr<CURL, void (*)(CURL*)> curl_{nullptr, &curl_easy_cleanup};
  std::array<char, CURL_ERROR_SIZE> error_{};
};

Client::Client(Settings settings, const Log& log) : impl_(std::make_unique<Impl>(std::move(settings), log)) {}
Client::~Client() = default;
Response Client::perform(const Request& request) { return impl_->perform(request); }

}  // namespace hilum::http_client
