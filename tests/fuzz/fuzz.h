// What the fuzz targets share.
#pragma once

#include <hilum/cpp/error.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace hilum::fuzz {

// A property that must hold whatever the input is.
inline void require(bool holds, const char* property) {
  if (!holds) {
    std::fprintf(stderr, "does not hold: %s\n", property);
    std::abort();
  }
}

// Runs `call`; hilum::Error is a proper answer to bad bytes, every other exception ends the run. Says whether
// there was none.
template <typename Call>
bool accepted(Call&& call) {
  try {
    call();
    return true;
  } catch (const Error&) {
    return false;
  }
}

inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Takes the input apart: the text up to the next `separator`, which is dropped.
inline std::string_view take_until(std::string_view& rest, char separator) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

}  // namespace hilum::fuzz
