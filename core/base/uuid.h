// UUIDs of version 7 (RFC 9562, 5.7): Unix time in ms, then a counter, then random bits. Later ones sort
// after earlier ones, also within a millisecond of the same process, so that they make good keys and file
// names.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hilum {

class Uuid {
 public:
  Uuid() = default;  // all zero
  explicit Uuid(const std::array<uint8_t, 16>& bytes) : bytes_(bytes) {}

  // A new one. Thread-safe.
  static Uuid generate();
  // From 36 characters, any case.
  static std::optional<Uuid> parse(std::string_view text);

  const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  std::string text() const;  // 36 characters, lower case

  friend bool operator==(const Uuid& a, const Uuid& b) { return a.bytes_ == b.bytes_; }
  friend bool operator!=(const Uuid& a, const Uuid& b) { return a.bytes_ != b.bytes_; }
  friend bool operator<(const Uuid& a, const Uuid& b) { return a.bytes_ < b.bytes_; }

 private:
  std::array<uint8_t, 16> bytes_{};
};

}  // namespace hilum
