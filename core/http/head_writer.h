// The head of an answer as bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/http/answer.h"

namespace hilum::http {

// How the end of the body is told.
struct Framing {
  std::optional<uint64_t> length;  // Content-Length
  bool chunked = false;
  bool keep_alive = true;
  int64_t keep_alive_seconds = 1;  // what Keep-Alive announces
};

// Appends status line and header lines, with the empty line.
void write_head(std::string& out, const AnswerHead& head, const Framing& framing);

}  // namespace hilum::http
