// HTTP Basic authentication (RFC 7617) against the users of the configuration.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::http {

// Immutable; safe from every thread.
class BasicAuthentication {
 public:
  explicit BasicAuthentication(const std::map<std::string, std::string>& users);
  // The user that an Authorization header proves to be, if any. Takes the same time whatever is wrong.
  std::optional<std::string> check(std::string_view authorization) const;

 private:
  using Digest = std::array<unsigned char, 32>;
  static Digest digest(std::string_view text);

  struct User {
    std::string name;
    Digest credentials;  // of "name:password", so that comparing costs the same for every length
  };
  std::vector<User> users_;
};

// Strict Base64 with padding (RFC 4648, 4).
std::optional<std::string> decode_base64(std::string_view text);

bool is_loopback(std::string_view address);

}  // namespace hilum::http
