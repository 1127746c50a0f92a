#include "core/http/output_queue.h"

#include <algorithm>
#include <array>

namespace hilum::http {
namespace {

constexpr size_t kVectors = 16;
constexpr size_t kBytesPerTurn = 4 << 20;  // then others of this thread get their turn

}  // namespace

void OutputQueue::push(OutputPiece piece) {
  if (piece.is_file() ? piece.file.size == 0 : piece.bytes.empty()) return;
  pieces_.push_back(std::move(piece));
}

void OutputQueue::clear() {
  std::vector<OutputPiece>().swap(pieces_);
  first_ = offset_ = 0;
}

IoResult OutputQueue::flush_bytes(Channel& channel, size_t& n) {
  std::array<iovec, kVectors> vectors;
  size_t count = 0;
  size_t at = first_;
  for (; at < pieces_.size() && count < kVectors && !pieces_[at].is_file(); ++at, ++count) {
    const size_t skip = count == 0 ? offset_ : 0;
    std::string& bytes = pieces_[at].bytes;
    vectors[count] = {bytes.data() + skip, bytes.size() - skip};
  }
  return channel.send(vectors.data(), count, n, at < pieces_.size());
}

void OutputQueue::advance(size_t n) {
  while (n > 0) {
    OutputPiece& piece = pieces_[first_];
    if (piece.is_file()) {
      piece.file.offset += n;
      piece.file.size -= n;
      if (piece.file.size > 0) return;
      n = 0;
    } else {
      const size_t step = std::min(n, piece.bytes.size() - offset_);
      offset_ += step;
      n -= step;
      if (offset_ < piece.bytes.size()) return;
      offset_ = 0;
    }
    piece = OutputPiece();
    ++first_;
  }
}

IoResult OutputQueue::flush(Channel& channel, size_t& sent, bool& progress) {
  size_t turn = 0;
  while (!empty()) {
    if (turn >= kBytesPerTurn) return IoResult::kDone;
    const OutputPiece& piece = pieces_[first_];
    const bool file = piece.is_file();
    size_t n = 0;
    const IoResult result = file ? channel.send_file(piece.file.fd, piece.file.offset, piece.file.size, n)
                                 : flush_bytes(channel, n);
    if (result != IoResult::kDone) return result == IoResult::kAgain ? result : IoResult::kError;
    progress = progress || n > 0;
    turn += n;
    if (!file) sent += n;
    advance(n);
  }
  if (pieces_.capacity() > 8) {
    clear();
  } else {
    pieces_.clear();
    first_ = 0;
  }
  return IoResult::kDone;
}

}  // namespace hilum::http
