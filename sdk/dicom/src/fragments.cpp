#include "fragments.h"

#include <hilum/cpp/error.h>

#include <algorithm>

#include "element_header.h"

namespace hilum::dicom {
namespace {

constexpr uint64_t kHeaderSize = 8;
constexpr size_t kSmallestWindow = 4096;
constexpr size_t kLargestWindow = 256 * 1024;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(HILUM_E_BAD_FORMAT, "encapsulated pixel data: " + why);
}

uint64_t read64(const uint8_t* p) {
  return read32(p, false) | static_cast<uint64_t>(read32(p + 4, false)) << 32;
}

}  // namespace

const uint8_t* ItemHeaders::bytes_at(uint64_t position) {
  const uint64_t end = window_position_ + window_.size();
  if (position < window_position_ || position > end || end - position < kHeaderSize) {
    const bool is_near = position >= window_position_ && position <= end + kSmallestWindow;
    window_size_ = is_near ? std::min(window_size_ * 2, kLargestWindow) : kSmallestWindow;
    window_ = source_.copy(position, window_size_);
    window_position_ = position;
    if (window_.size() < kHeaderSize) return nullptr;
  }
  return reinterpret_cast<const uint8_t*>(window_.data()) + (position - window_position_);
}

std::optional<uint32_t> ItemHeaders::find_at(uint64_t position) {
  const uint8_t* p = bytes_at(position);
  if (p == nullptr || read_tag(p, false) != kItem) return std::nullopt;
  const uint32_t length = read32(p + 4, false);
  if (length > source_.size() - position - kHeaderSize) return std::nullopt;
  return length;
}

std::optional<uint32_t> ItemHeaders::length_at(uint64_t position) {
  const auto length = find_at(position);
  if (length) return length;
  const uint8_t* p = bytes_at(position);
  if (p == nullptr && position >= source_.size())
    return std::nullopt;  // the delimiter is missing: it was the last
  if (p != nullptr && read_tag(p, false) == kSequenceDelimiter) return std::nullopt;
  refuse("what should be a fragment at offset " + std::to_string(position) + " is none, or is cut off");
}

Fragments::Fragments(const ByteSource& source, uint64_t begin, uint64_t frames, std::string extended_table)
    : source_(source), begin_(begin), frames_(frames), extended_table_(std::move(extended_table)) {
  const auto length = ItemHeaders(source).length_at(begin);
  if (!length) refuse("there is not even an offset table");
  basic_table_ = {begin + kHeaderSize, *length};
  begin_ = begin + kHeaderSize + *length;
  const auto fits = [&](uint64_t size, uint64_t entry) {
    return size % entry == 0 && size / entry == frames;
  };
  if (!fits(extended_table_.size(), 8)) extended_table_.clear();
  has_table_ = frames > 1 && (!extended_table_.empty() || fits(basic_table_.length, 4));
}

std::vector<Piece> Fragments::of_frame(uint64_t n) {
  if (has_table_ && !is_walked_) {
    if (auto pieces = by_table(n)) return std::move(*pieces);
    has_table_ = false;  // it lies
  }
  walk();
  if (frames_ == 1) {
    if (all_.empty()) refuse("there is no fragment");
    return all_;
  }
  if (all_.size() == frames_) return {all_[static_cast<size_t>(n)]};
  refuse(std::to_string(all_.size()) + " fragments without a usable offset table for " +
         std::to_string(frames_) + " frames");
}

// Offset of a frame's first item from the first fragment; the entry behind the last one does not exist.
std::optional<uint64_t> Fragments::table_entry(uint64_t n) const {
  if (n >= frames_) return std::nullopt;
  if (!extended_table_.empty())
    return read64(reinterpret_cast<const uint8_t*>(extended_table_.data()) + 8 * n);
  uint8_t p[4];
  if (source_.read(basic_table_.offset + 4 * n, p, sizeof p) < sizeof p) return std::nullopt;
  return read32(p, false);
}

// Nothing if the table does not fit the fragments. A frame ends where the next one begins, or with the sequence.
std::optional<std::vector<Piece>> Fragments::by_table(uint64_t n) {
  const uint64_t available = source_.size() - begin_;
  const auto first = table_entry(n);
  const auto next = table_entry(n + 1);
  if (!first || (n == 0 && *first != 0) || *first >= available) return std::nullopt;
  if (n + 1 < frames_ && (!next || *next <= *first || *next >= available)) return std::nullopt;
  std::vector<Piece> pieces;
  ItemHeaders headers(source_);
  uint64_t position = begin_ + *first;
  while (!next || position < begin_ + *next) {
    const auto length = headers.find_at(position);
    if (!length) break;
    if (pieces.size() == kMaximumFragments) refuse("too many fragments in one frame");
    pieces.push_back({position + kHeaderSize, *length});
    position += kHeaderSize + *length;
  }
  if (pieces.empty() || (next && position != begin_ + *next)) return std::nullopt;
  if (!next && headers.length_at(position)) return std::nullopt;  // throws for what is cut off
  return pieces;
}

void Fragments::walk() {
  if (is_walked_) return;
  std::vector<Piece> found;
  ItemHeaders headers(source_);
  uint64_t position = begin_;
  while (const auto length = headers.length_at(position)) {
    if (found.size() == kMaximumFragments) refuse("more than " + std::to_string(found.size()) + " fragments");
    found.push_back({position + kHeaderSize, *length});
    position += kHeaderSize + *length;
  }
  all_ = std::move(found);
  is_walked_ = true;
}

}  // namespace hilum::dicom
