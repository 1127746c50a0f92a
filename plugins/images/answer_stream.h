// Answers of bytes that are made piece by piece.
#pragma once

#include <hilum/cpp/http.h>

#include <string>
#include <string_view>

#include "slots.h"

namespace hilum::images {

// Gathers what is written and sends it: in one piece with its length if it is small, as a stream once it has outgrown
// kLargest. From then on the client sets the pace, and the slot is given back. On the stack of one request; finish()
// once at the end. An exception in between leaves a small answer unsent and cuts a stream.
class AnswerStream {
 public:
  AnswerStream(Answer& answer, std::string content_type, Slots::Holder* slot = nullptr)
      : answer_(answer), content_type_(std::move(content_type)), slot_(slot) {}
  AnswerStream(const AnswerStream&) = delete;
  AnswerStream& operator=(const AnswerStream&) = delete;

  void write(std::string_view piece);
  void finish();
  bool has_begun() const { return has_begun_; }

 private:
  static constexpr size_t kLargest = 16u << 20;
  static constexpr size_t kPiece = 256u << 10;

  Answer& answer_;
  std::string content_type_;
  Slots::Holder* slot_;
  std::string buffer_;
  bool has_begun_ = false;
};

}  // namespace hilum::images
