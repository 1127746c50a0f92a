#include "answer_stream.h"

namespace hilum::images {

void AnswerStream::write(std::string_view piece) {
  buffer_.append(piece);
  if (buffer_.size() < (has_begun_ ? kPiece : kLargest)) return;
  if (!has_begun_) {
    if (slot_ != nullptr) slot_->release();
    answer_.begin(content_type_);
    has_begun_ = true;
  }
  answer_.write(buffer_);
  buffer_.clear();
  buffer_.shrink_to_fit();
}

void AnswerStream::finish() {
  if (slot_ != nullptr) slot_->release();
  if (!has_begun_) {
    answer_.bytes(content_type_, buffer_);
    return;
  }
  if (!buffer_.empty()) answer_.write(buffer_);
  answer_.end();
}

}  // namespace hilum::images
