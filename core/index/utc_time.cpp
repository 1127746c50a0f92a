#include "core/index/utc_time.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace hilum::index {

std::string format_utc(int64_t unix_ms) {
  // Towards the past also before 1970.
  const std::time_t seconds = unix_ms / 1000 - (unix_ms % 1000 < 0 ? 1 : 0);
  std::tm time{};
  gmtime_r(&seconds, &time);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}", time.tm_year + 1900, time.tm_mon + 1, time.tm_mday,
                     time.tm_hour, time.tm_min, time.tm_sec);
}

std::optional<int64_t> parse_utc(std::string_view text) {
  if (text.size() != 15 || text[8] != 'T') {
    return std::nullopt;
  }
  const auto number = [&](size_t position, size_t digits) {
    int value = 0;
    for (const char c : text.substr(position, digits)) {
      if (c < '0' || c > '9') {
        return -1;
      }
      value = value * 10 + (c - '0');
    }
    return value;
  };
  std::tm time{};
  time.tm_year = number(0, 4) - 1900;
  time.tm_mon = number(4, 2) - 1;
  time.tm_mday = number(6, 2);
  time.tm_hour = number(9, 2);
  time.tm_min = number(11, 2);
  time.tm_sec = number(13, 2);
  const int64_t unix_ms = static_cast<int64_t>(timegm(&time)) * 1000;
  // timegm accepts a 31st of April; the way back shows it.
  return format_utc(unix_ms) == text ? std::optional<int64_t>(unix_ms) : std::nullopt;
}

int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace hilum::index
