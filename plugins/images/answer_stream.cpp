#include "answer_stream.h"

namespace hilum::images {

void GatheredAnswer::finish() {
  if (spool_.in_memory() && spool_.size() <= kLargestAtOnce)
    return answer_.bytes(content_type_, spool_.memory());
  answer_.begin(content_type_, spool_.size());
  spool_.send([this](std::string_view piece) { answer_.write(piece); });
  answer_.end();
}

void AnswerStream::write(std::string_view piece) {
  buffer_.append(piece);
  if (buffer_.size() < (has_begun_ ? kPiece : kLargestAtOnce)) return;
  if (!has_begun_) {
    answer_.begin(content_type_);
    has_begun_ = true;
  }
  answer_.write(buffer_);
  buffer_.clear();
  buffer_.shrink_to_fit();
}

void AnswerStream::finish() {
  if (!has_begun_) {
    answer_.bytes(content_type_, buffer_);
    return;
  }
  if (!buffer_.empty()) answer_.write(buffer_);
  answer_.end();
}

}  // namespace hilum::images
