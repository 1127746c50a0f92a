// Elements of one level after the other, straight from the bytes, without DCMTK's objects.
#pragma once

#include <hilum/dicom/structure.h>

#include <map>
#include <optional>
#include <string>

#include "cursor.h"
#include "element_header.h"

namespace hilum::dicom {

// Where a data set or an item lies and how it is encoded.
struct Scope {
  uint64_t begin = 0;
  uint64_t end = 0;  // for undefined lengths: that of what holds it
  bool implicit = false;
  bool big_endian = false;
};

// An element or an item with what is in it.
struct WalkedElement {
  ElementHeader header;
  uint64_t value = 0;  // offset of the value
  uint64_t end = 0;    // of the value, without the delimiter
  uint64_t next = 0;   // what follows
  bool is_sequence = false;
  bool is_fragments = false;
  Scope inner;  // of a sequence: its items; of an item: its elements

  uint64_t length() const { return end - value; }
};

// Walks bytes that scan_file() has accepted: recursion is bounded by kMaximumNesting. Throws
// Error(HILUM_E_BAD_FORMAT) all the same if they are broken. One thread.
class ElementWalker {
 public:
  explicit ElementWalker(const ByteSource& source) : source_(source) {}

  // The element at `position` of a scope; nothing at its end.
  std::optional<WalkedElement> element_at(const Scope& scope, uint64_t position);
  // The item at `position` of a sequence or of fragments; nothing at its end.
  std::optional<WalkedElement> item_at(const Scope& sequence, uint64_t position, bool fragment);

 private:
  uint64_t skip_items(const Scope& sequence, bool fragments, uint64_t& next);
  uint64_t skip_elements(const Scope& item, uint64_t& next);
  bool is_sequence_by_dictionary(Tag tag);
  void note_creator(const WalkedElement& element);

  const ByteSource& source_;
  std::map<Tag, std::string> creators_;  // private creators seen so far (good enough across items)
};

}  // namespace hilum::dicom
