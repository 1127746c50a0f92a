// A request to another server, and its answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hilum::http_client {

// Where the bytes of a body come from. Read from the beginning again if a connection that was kept open turns out to be
// dead.
struct Body {
  // Copies up to `count` bytes from `offset`; 0 before the end is an error. May throw.
  using ReadAt = std::function<size_t(uint64_t offset, void* to, size_t count)>;

  uint64_t size = 0;
  ReadAt read;

  static Body of_memory(std::string_view bytes);       // a view
  static Body of_file(int descriptor, uint64_t size);  // read with pread; stays the caller's
};

struct Credentials {
  std::string user;
  std::string password;
};

// PEM files.
struct ClientCertificate {
  std::string file;          // empty: none
  std::string key_file;      // empty: the key is in `file`
  std::string key_password;  // empty: none
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string url;  // http or https; http if no scheme is given
  Headers headers;
  std::optional<Credentials> credentials;  // HTTP Basic
  ClientCertificate certificate;
  std::optional<Body> body;
  std::optional<std::chrono::seconds> timeout;  // in place of Settings::timeout
  uint64_t answer_limit = uint64_t{16} << 20;   // bytes of an answer that is kept in memory
  // Gets the answer's body piece by piece in place of Response::body, without a limit. May throw.
  std::function<void(std::string_view)> on_piece;
  // Asked about once a second and whenever something has been sent or received; true ends the request.
  std::function<bool()> is_cancelled;
};

struct Response {
  int status = 0;
  Headers headers;  // names in lower case
  std::string body;

  bool is_success() const { return status >= 200 && status < 300; }
  // The first header of that name (lower case); nothing if there is none.
  std::optional<std::string_view> header(std::string_view name) const;
};

// Whether these may stand in a request: a name that is a token (RFC 9110 section 5.6.2), a value without control characters.
bool is_header_name(std::string_view name);
bool is_header_value(std::string_view value);

// The URL without user, password, query and fragment: for logs, errors and whoever is not to know secrets.
std::string without_secrets(std::string_view url);

}  // namespace hilum::http_client
