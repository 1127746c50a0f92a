#include "core/http/authentication.h"

#include <hilum/cpp/error.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/http/request.h"

namespace hilum::http {
namespace {

constexpr size_t kMaxAuthorization = 8192;

int sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  std::string out;
  out.reserve(text.size() * 3 / 4);
  unsigned bits = 0;
  int count = 0;
  for (char c : text) {
    const int value = sextet(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<unsigned>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>((bits >> count) & 0xff);
    }
  }
  return out;
}

BasicAuthentication::Digest BasicAuthentication::digest(std::string_view text) {
  Digest out{};
  if (EVP_Digest(text.data(), text.size(), out.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw Error(HILUM_E_INTERNAL, "SHA-256 is not available");
  }
  return out;
}

BasicAuthentication::BasicAuthentication(const std::map<std::string, std::string>& users) {
  for (const auto& [name, password] : users) users_.push_back({name, digest(name + ":" + password)});
}

std::optional<std::string> BasicAuthentication::check(std::string_view authorization) const {
  constexpr std::string_view kScheme = "Basic ";
  if (authorization.size() > kMaxAuthorization || authorization.size() < kScheme.size() ||
      !equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  authorization.remove_prefix(kScheme.size());
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
  const std::optional<std::string> credentials = decode_base64(authorization);
  // The name ends at the first colon, so "name:password" as a whole identifies both; a name with a colon
  // cannot log in.
  if (!credentials || credentials->find(':') == std::string::npos) return std::nullopt;
  const Digest given = digest(*credentials);
  const User* match = nullptr;
  for (const User& user : users_) {
    if (CRYPTO_memcmp(given.data(), user.credentials.data(), given.size()) == 0) match = &user;
  }
  if (!match || match->name.find(':') != std::string::npos) return std::nullopt;
  return match->name;
}

bool is_loopback(std::string_view address) {
  constexpr std::string_view kMapped = "::ffff:";  // an IPv4 client of an IPv6 socket
  if (address.substr(0, kMapped.size()) == kMapped) address.remove_prefix(kMapped.size());
  return address == "::1" || address.substr(0, 4) == "127.";
}

}  // namespace hilum::http
