// JSON answers of any size.
#pragma once

#include <hilum/cpp/http.h>
#include <hilum/dicom/json_writer.h>

#include <string>

namespace hilum::rest {

// Gathers JSON and sends it: in one piece with its length if it is small, as a stream once it has outgrown
// the buffer. Call flush between elements of a long list, and finish once at the end. An exception in
// between leaves a short answer unsent and cuts a stream, so that nobody takes it for complete. On the stack
// of one request; not thread-safe.
class JsonAnswer {
 public:
  explicit JsonAnswer(Answer& answer) : answer_(answer), writer_(buffer_) {}
  JsonAnswer(const JsonAnswer&) = delete;
  JsonAnswer& operator=(const JsonAnswer&) = delete;

  dicom::JsonWriter& writer() { return writer_; }
  void flush() {
    if (buffer_.size() < kBuffer) return;
    if (!streaming_) {
      answer_.begin(kType);
      streaming_ = true;
    }
    answer_.write(buffer_);
    buffer_.clear();
  }
  void finish() {
    if (!streaming_) {
      answer_.bytes(kType, buffer_);
      return;
    }
    answer_.write(buffer_);
    answer_.end();
  }

 private:
  static constexpr const char* kType = "application/json; charset=utf-8";
  static constexpr size_t kBuffer = 256 << 10;

  Answer& answer_;
  std::string buffer_;
  dicom::JsonWriter writer_;
  bool streaming_ = false;
};

}  // namespace hilum::rest
