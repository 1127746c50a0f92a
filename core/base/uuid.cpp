#include "core/base/uuid.h"

#include <hilum/cpp/error.h>
#include <sys/random.h>

#include <atomic>
#include <cctype>
#include <chrono>

#include "core/base/bytes.h"

namespace hilum {
namespace {

// Random bytes from the kernel, fetched a block at a time: one system call per UUID would cost more than all
// the rest.
uint64_t random_bits() {
  thread_local std::array<uint64_t, 64> block;
  thread_local size_t next = block.size();
  if (next == block.size()) {
    if (getrandom(block.data(), sizeof block, 0) != static_cast<ssize_t>(sizeof block)) {
      throw Error(HILUM_E_SYSTEM, "the operating system gives no random bytes");
    }
    next = 0;
  }
  return block[next++];
}

// 48 bits of milliseconds and a 12-bit counter, always larger than the last one. More than 4096 in a
// millisecond run ahead of the clock, which RFC 9562, 6.2 allows.
uint64_t next_tick() {
  static std::atomic<uint64_t> last{0};
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const uint64_t clock = static_cast<uint64_t>(now.count()) << 12;
  uint64_t seen = last.load(std::memory_order_relaxed);
  uint64_t next;
  do {
    next = seen < clock ? clock : seen + 1;
  } while (!last.compare_exchange_weak(seen, next, std::memory_order_relaxed));
  return next;
}

}  // namespace

Uuid Uuid::generate() {
  const uint64_t tick = next_tick();
  const uint64_t high = ((tick & ~uint64_t{0xfff}) << 4) | 0x7000 | (tick & 0xfff);  // version 7
  const uint64_t low = (random_bits() >> 2) | 0x8000000000000000u;                   // variant 10
  Uuid uuid;
  store_be(uuid.bytes_.data(), high);
  store_be(uuid.bytes_.data() + 8, low);
  return uuid;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) {
    return std::nullopt;
  }
  Uuid uuid;
  size_t digit = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') {
        return std::nullopt;
      }
      continue;
    }
    if (!std::isxdigit(static_cast<unsigned char>(c))) {
      return std::nullopt;
    }
    const int value = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    uint8_t& byte = uuid.bytes_[digit / 2];
    byte = static_cast<uint8_t>(byte << 4 | value);
    ++digit;
  }
  return uuid;
}

std::string Uuid::text() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < bytes_.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text += '-';
    }
    text += kDigits[bytes_[i] >> 4];
    text += kDigits[bytes_[i] & 15];
  }
  return text;
}

}  // namespace hilum
