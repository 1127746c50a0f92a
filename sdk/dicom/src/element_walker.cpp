#include "element_walker.h"

#include <hilum/cpp/error.h>

#include <algorithm>

namespace hilum::dicom {
namespace {
[[noreturn]] void broken() { throw Error(HILUM_E_BAD_FORMAT, "broken DICOM element structure"); }
}  // namespace

std::optional<WalkedElement> ElementWalker::element_at(const Scope& scope, uint64_t position) {
  if (position >= scope.end) return std::nullopt;
  uint8_t p[12];
  const size_t got = source_.read(position, p, sizeof p);
  if (got < 8) broken();
  WalkedElement element;
  ElementHeader& header = element.header;
  header.tag = read_tag(p, scope.big_endian);
  if (header.tag == kItemDelimiter) return std::nullopt;
  header.size = 8;
  header.length = read32(p + 4, scope.big_endian);
  if (!scope.implicit && tag_group(header.tag) != 0xfffe) {
    header.vr[0] = static_cast<char>(p[4]);
    header.vr[1] = static_cast<char>(p[5]);
    header.length = read16(p + 6, scope.big_endian);
    if (has_long_form(header.vr[0], header.vr[1])) {
      if (got < 12) broken();
      header.length = read32(p + 8, scope.big_endian);
      header.size = 12;
    }
  }
  element.value = position + header.size;
  const bool undefined = header.length == kUndefinedLength;
  const bool unknown = header.has_vr('U', 'N');
  element.is_fragments =
      undefined && (header.tag == kPixelData || header.has_vr('O', 'B') || header.has_vr('O', 'W'));
  element.is_sequence = header.has_vr('S', 'Q') || (undefined && !element.is_fragments) ||
                        (scope.implicit && is_sequence_by_dictionary(header.tag));
  element.inner = {element.value, scope.end, scope.implicit || unknown, scope.big_endian && !unknown};
  if (undefined) {
    element.end = skip_items(element.inner, element.is_fragments, element.next);
  } else {
    if (header.length > scope.end - std::min(element.value, scope.end)) broken();
    element.end = element.next = element.value + header.length;
  }
  element.inner.end = element.end;
  note_creator(element);
  return element;
}

std::optional<WalkedElement> ElementWalker::item_at(const Scope& sequence, uint64_t position, bool fragment) {
  if (position >= sequence.end) return std::nullopt;
  uint8_t p[8];
  if (source_.read(position, p, sizeof p) < sizeof p) broken();
  WalkedElement item;
  item.header.tag = read_tag(p, sequence.big_endian);
  if (item.header.tag == kSequenceDelimiter) return std::nullopt;
  if (item.header.tag != kItem) broken();
  item.header.size = 8;
  item.header.length = read32(p + 4, sequence.big_endian);
  item.value = position + 8;
  item.inner = sequence;
  item.inner.begin = item.value;
  if (item.header.length == kUndefinedLength) {
    if (fragment) broken();
    item.end = skip_elements(item.inner, item.next);
  } else {
    if (item.header.length > sequence.end - std::min(item.value, sequence.end)) broken();
    item.end = item.next = item.value + item.header.length;
  }
  item.inner.end = item.end;
  return item;
}

// Both return where the content ends, and in `next` what follows the delimiter.
uint64_t ElementWalker::skip_items(const Scope& sequence, bool fragments, uint64_t& next) {
  uint64_t position = sequence.begin;
  while (auto item = item_at(sequence, position, fragments)) position = item->next;
  next = position + 8;
  return position;
}

uint64_t ElementWalker::skip_elements(const Scope& item, uint64_t& next) {
  uint64_t position = item.begin;
  while (auto element = element_at(item, position)) position = element->next;
  next = position + 8;
  return position;
}

bool ElementWalker::is_sequence_by_dictionary(Tag tag) {
  std::string creator;
  if (is_private(tag) && !is_private_creator(tag)) {
    const auto found = creators_.find(make_tag(tag_group(tag), static_cast<uint16_t>(tag_element(tag) >> 8)));
    if (found == creators_.end()) return false;
    creator = found->second;
  }
  return dictionary_vr(tag, creator) == EVR_SQ;
}

void ElementWalker::note_creator(const WalkedElement& element) {
  constexpr uint64_t kLongest = 64;  // LO
  constexpr size_t kMost = 1024;
  if (!is_private_creator(element.header.tag) || element.length() > kLongest || creators_.size() >= kMost)
    return;
  std::string creator = source_.copy(element.value, element.length());
  creator.resize(creator.find_last_not_of(std::string_view("\0 ", 2)) + 1);
  creators_[element.header.tag] = std::move(creator);
}

}  // namespace hilum::dicom
