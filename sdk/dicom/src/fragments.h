// The fragments of encapsulated pixel data (PS3.5 section A.4), and which of them make a frame.
#pragma once

#include <hilum/dicom/byte_source.h>
#include <hilum/dicom/content.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hilum::dicom {

// 64 MB of offsets.
inline constexpr size_t kMaximumFragments = size_t{4} << 20;

// Reads the headers of items at ascending positions through a window: of 4 KB where fragments are large, of up
// to 256 KB where the next header has proved to be near. One thread.
class ItemHeaders {
 public:
  explicit ItemHeaders(const ByteSource& source) : source_(source) {}

  // The length of the value of the item at `position`; nothing at the end of the sequence or of the source. Throws
  // Error(HILUM_E_BAD_FORMAT) for what is no item, and for an item that is longer than the source.
  std::optional<uint32_t> length_at(uint64_t position);
  // The same, but nothing for whatever is no item.
  std::optional<uint32_t> find_at(uint64_t position);

 private:
  const uint8_t* bytes_at(uint64_t position);

  const ByteSource& source_;
  std::string window_;
  uint64_t window_position_ = 0;
  size_t window_size_ = 4096;
};

// Which fragments make frame n:
// 1. by the Extended Offset Table (PS3.3 section C.7.6.3.1.8) or the Basic Offset Table, if it has one entry for
//    each frame and the fragments between two entries fit exactly: nothing else is looked at;
// 2. all of them, if there is one frame;
// 3. one for each frame, if there are as many.
// Else the data cannot be understood. One thread.
class Fragments {
 public:
  // `begin`: where the first item, the Basic Offset Table, starts. `extended_table`: the value of
  // (7fe0,0001), little-endian; empty if there is none. `source` must outlive this.
  Fragments(const ByteSource& source, uint64_t begin, uint64_t frames, std::string extended_table);

  // The values of the fragments of frame n, which is below `frames`. Throws Error(HILUM_E_BAD_FORMAT).
  std::vector<Piece> of_frame(uint64_t n);

 private:
  std::optional<uint64_t> table_entry(uint64_t n) const;
  std::optional<std::vector<Piece>> by_table(uint64_t n);
  void walk();

  const ByteSource& source_;
  uint64_t begin_;  // of the first fragment
  uint64_t frames_;
  Piece basic_table_;
  std::string extended_table_;
  bool has_table_;
  bool is_walked_ = false;
  std::vector<Piece> all_;  // after walk()
};

}  // namespace hilum::dicom
