// What a connection still has to send.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/http/answer.h"
#include "core/http/channel.h"

namespace hilum::http {

// Bytes, or a range of a file.
struct OutputPiece {
  std::string bytes;
  FileRange file;
  bool is_file() const { return file.fd >= 0; }
};

// In the order of sending. Used by the I/O thread of its connection.
class OutputQueue {
 public:
  void push(OutputPiece piece);
  bool empty() const { return first_ == pieces_.size(); }
  // Sends until everything is gone (kDone), the socket is full (kAgain), the connection is broken (kError) or
  // others of this thread should get their turn (kDone, but not empty). Adds the bytes of memory that were
  // sent to `sent`; sets `progress` if anything was.
  IoResult flush(Channel& channel, size_t& sent, bool& progress);
  void clear();

 private:
  IoResult flush_bytes(Channel& channel, size_t& n);
  void advance(size_t n);

  std::vector<OutputPiece> pieces_;
  size_t first_ = 0;   // pieces before are sent
  size_t offset_ = 0;  // bytes of the first piece that are sent
};

}  // namespace hilum::http
