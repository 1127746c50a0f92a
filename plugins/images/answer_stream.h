// Answers of bytes that are made piece by piece.
#pragma once

#include <hilum/cpp/http.h>

#include <string>
#include <string_view>

#include "spool.h"

namespace hilum::images {

// What is handed over in one piece stays in memory until its client has read it. Longer answers are handed over as the
// client reads.
inline constexpr size_t kLargestAtOnce = 512u << 10;

// Gathers what is made of decoded pixels. The client is not waited for before finish(), so that pixels and slot can be
// given back first. On the stack of one request; finish() once at the end. Without it, nothing has been answered.
class GatheredAnswer {
 public:
  // As for Spool.
  GatheredAnswer(Answer& answer, std::string content_type, SpoolMemory& memory, const std::string& folder)
      : answer_(answer), content_type_(std::move(content_type)), spool_(memory, folder) {}
  GatheredAnswer(const GatheredAnswer&) = delete;
  GatheredAnswer& operator=(const GatheredAnswer&) = delete;

  void write(std::string_view piece) { spool_.append(piece); }
  void finish();

 private:
  Answer& answer_;
  std::string content_type_;
  Spool spool_;
};

// Gathers what is read piece by piece and sends it: in one piece with its length if it is small, as a stream once it
// has outgrown kLargestAtOnce. From then on the client sets the pace: for those who hold nothing that others need. On the
// stack of one request; finish() once at the end. An exception in between leaves a small answer unsent and cuts a
// stream.
class AnswerStream {
 public:
  AnswerStream(Answer& answer, std::string content_type)
      : answer_(answer), content_type_(std::move(content_type)) {}
  AnswerStream(const AnswerStream&) = delete;
  AnswerStream& operator=(const AnswerStream&) = delete;

  void write(std::string_view piece);
  void finish();
  bool has_begun() const { return has_begun_; }

 private:
  static constexpr size_t kPiece = 256u << 10;

  Answer& answer_;
  std::string content_type_;
  std::string buffer_;
  bool has_begun_ = false;
};

}  // namespace hilum::images
