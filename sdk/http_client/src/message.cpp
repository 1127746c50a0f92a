#include <hilum/cpp/error.h>
#include <hilum/http_client/message.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hilum::http_client {

Body Body::of_memory(std::string_view bytes) {
  return {bytes.size(), [bytes](uint64_t offset, void* to, size_t count) {
            const size_t from = static_cast<size_t>(std::min<uint64_t>(offset, bytes.size()));
            return bytes.copy(static_cast<char*>(to), count, from);
          }};
}

Body Body::of_file(int descriptor, uint64_t size) {
  return {size, [descriptor](uint64_t offset, void* to, size_t count) {
            for (;;) {
              const ssize_t got = ::pread(descriptor, to, count, static_cast<off_t>(offset));
              if (got >= 0) return static_cast<size_t>(got);
              if (errno != EINTR) {
                throw Error(HILUM_E_SYSTEM,
                            std::string("the body of a request cannot be read: ") + std::strerror(errno));
              }
            }
          }};
}

std::optional<std::string_view> Response::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return std::nullopt;
}

bool is_header_name(std::string_view name) {
  constexpr std::string_view kSymbols = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return alphanumeric || kSymbols.find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

std::string without_secrets(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const size_t scheme = url.find("://");
  const size_t authority = scheme == std::string_view::npos ? 0 : scheme + 3;
  const size_t path = std::min(url.find('/', authority), url.size());
  const size_t at = url.substr(0, path).rfind('@');
  std::string shown(url.substr(0, authority));
  shown += url.substr(at == std::string_view::npos || at < authority ? authority : at + 1);
  return shown;
}

}  // namespace hilum::http_client
