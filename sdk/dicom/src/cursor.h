// Forward reading of a byte source, through raw deflate if need be, with a small window.
#pragma once

#include <hilum/dicom/byte_source.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct z_stream_s;

namespace hilum::dicom {

// Reads forward: look at the next bytes with peek(), move with skip(). Positions count from the start of the
// source; of a deflated one, from the start of the inflated bytes. One thread.
class Cursor {
 public:
  // `deflated`: the source is a raw deflate stream (RFC 1951), which may not inflate to more than
  // `inflated_limit`.
  Cursor(const ByteSource& source, bool deflated, uint64_t inflated_limit);
  ~Cursor();
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  uint64_t position() const { return window_position_ + static_cast<uint64_t>(next_ - window_); }
  // Bytes from here to the end; UINT64_MAX for deflated sources (only skip() can tell).
  uint64_t remaining() const { return deflated_ ? UINT64_MAX : source_.size() - position(); }
  bool at_end() { return peek(1) == nullptr; }

  // The next `count` (at most 256) bytes, or null if there are fewer. Valid until the next call.
  const uint8_t* peek(size_t count) {
    return static_cast<size_t>(window_end_ - next_) >= count ? next_ : refill(count);
  }
  // Moves on; false if the source ends before.
  bool skip(uint64_t count);
  // Copies what comes next and moves behind it; fewer than `count` bytes only at the end.
  size_t read(void* to, size_t count);
  // Appends a window full of the bytes from here and moves behind them; false at the end.
  bool drain(std::string& out);
  // Deflated: whether the stream came to its proper end. Else true.
  bool complete() const { return !deflated_ || inflated_all_; }

 private:
  const uint8_t* refill(size_t count);
  bool inflate_more();

  ByteSource source_;
  bool deflated_;
  uint64_t inflated_limit_;
  bool inflated_all_ = false;
  const uint8_t* window_ = nullptr;
  const uint8_t* next_ = nullptr;
  const uint8_t* window_end_ = nullptr;
  uint64_t window_position_ = 0;
  std::vector<uint8_t> buffer_;
  size_t read_ahead_;
  // Deflated sources only.
  std::unique_ptr<z_stream_s> inflater_;
  std::vector<uint8_t> compressed_;
  uint64_t compressed_position_ = 0;
};

}  // namespace hilum::dicom
