// Times as metadata show them: `YYYYMMDDTHHMMSS`, UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hilum::index {

std::string format_utc(int64_t unix_ms);
std::optional<int64_t> parse_utc(std::string_view text);  // exactly that form
int64_t now_ms();                                         // Unix time

}  // namespace hilum::index
