// Integers in byte strings: fixed width in both byte orders, and varints (LEB128: 7 bits per byte, low group
// first). Big-endian keeps the order of numbers in ordered keys. All inline, no state.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace hilum {

template <typename T>
constexpr T swap_bytes(T value) {
  static_assert(std::is_unsigned_v<T>);
  T swapped = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    swapped =
        static_cast<T>((swapped << 8) | (value & 0xff));  // compilers turn the loop into one instruction
    value = static_cast<T>(value >> 8);
  }
  return swapped;
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "the functions below are written for little-endian processors");

// `source` has at least sizeof(T) bytes, aligned anyhow.
template <typename T>
T load_le(const void* source) {
  static_assert(std::is_unsigned_v<T>);
  T value;
  std::memcpy(&value, source, sizeof value);
  return value;
}
template <typename T>
T load_be(const void* source) {
  return swap_bytes(load_le<T>(source));
}
template <typename T>
void store_le(void* target, T value) {
  static_assert(std::is_unsigned_v<T>);
  std::memcpy(target, &value, sizeof value);
}
template <typename T>
void store_be(void* target, T value) {
  store_le(target, swap_bytes(value));
}

template <typename T>
void append_le(std::string& out, T value) {
  char bytes[sizeof(T)];
  store_le(bytes, value);
  out.append(bytes, sizeof bytes);
}
template <typename T>
void append_be(std::string& out, T value) {
  append_le(out, swap_bytes(value));
}
inline void append_varint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}
// Length as varint, then the bytes.
inline void append_sized(std::string& out, std::string_view bytes) {
  append_varint(out, bytes.size());
  out.append(bytes);
}

// Takes values from the front of a byte string. Every function returns std::nullopt, and takes nothing, when
// the rest is too short or malformed: whoever reads decides what that means.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

  template <typename T>
  std::optional<T> take_le() {
    if (rest_.size() < sizeof(T)) {
      return std::nullopt;
    }
    const T value = load_le<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  template <typename T>
  std::optional<T> take_be() {
    const std::optional<T> value = take_le<T>();
    return value ? std::optional<T>(swap_bytes(*value)) : std::nullopt;
  }
  std::optional<uint64_t> take_varint() {
    uint64_t value = 0;
    for (size_t i = 0; i < 10 && i < rest_.size(); ++i) {
      const uint64_t byte = static_cast<unsigned char>(rest_[i]);
      if (i == 9 && byte > 1) {
        return std::nullopt;  // more than 64 bits
      }
      value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        rest_.remove_prefix(i + 1);
        return value;
      }
    }
    return std::nullopt;
  }
  std::optional<std::string_view> take_bytes(uint64_t size) {
    if (rest_.size() < size) {
      return std::nullopt;
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  std::optional<std::string_view> take_sized() {
    const std::string_view before = rest_;
    const std::optional<uint64_t> size = take_varint();
    const std::optional<std::string_view> bytes = size ? take_bytes(*size) : std::nullopt;
    if (!bytes) {
      rest_ = before;
    }
    return bytes;
  }

 private:
  std::string_view rest_;
};

}  // namespace hilum
