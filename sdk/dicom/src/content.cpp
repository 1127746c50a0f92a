#include <hilum/cpp/error.h>
#include <hilum/dicom/content.h>
#include <hilum/dicom/structure.h>

#include <algorithm>
#include <charconv>

#include "element_walker.h"
#include "fragments.h"

namespace hilum::dicom {
namespace {

std::optional<size_t> parse_index(std::string_view text) {
  size_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string> indexes(size_t count) {
  std::vector<std::string> names;
  names.reserve(count);
  for (size_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
  return names;
}

Content range(uint64_t offset, uint64_t length) {
  Content content;
  content.kind = Content::Kind::Range;
  content.offset = offset;
  content.length = length;
  return content;
}

Content list(std::vector<std::string> names) {
  Content content;
  content.names = std::move(names);
  return content;
}

// What says how long a frame is.
struct ImageShape {
  uint64_t rows = 0;
  uint64_t columns = 0;
  uint64_t samples = 1;
  uint64_t bits = 0;
  uint64_t frames = 1;
};

uint64_t number_of(const ByteSource& source, const WalkedElement& element, bool big_endian) {
  if (element.header.tag == 0x00280008) {
    const std::string text = source.copy(element.value, std::min<uint64_t>(element.length(), 16));
    const size_t first = text.find_first_not_of(' ');
    uint64_t value = 0;
    if (first != std::string::npos) std::from_chars(text.data() + first, text.data() + text.size(), value);
    return value == 0 ? 1 : value;
  }
  uint8_t p[2];
  if (element.length() < 2 || source.read(element.value, p, 2) < 2) return 0;
  return read16(p, big_endian);
}

// One file (or inflated data set) and how to find one's way in it.
class ContentFinder {
 public:
  ContentFinder(const ByteSource& source, const Structure& structure) : source_(source), walker_(source) {
    root_ = {structure.data_set_offset, source.size(), !structure.syntax.explicit_vr,
             structure.syntax.big_endian};
  }

  std::optional<Content> find(const std::vector<std::string>& segments) {
    Scope scope = root_;
    for (size_t i = 0;; i += 2) {
      if (i == segments.size()) return list(tags(scope));
      const auto element = find_element(scope, parse_tag(segments[i]));
      if (!element) return std::nullopt;
      const bool last = i + 1 == segments.size();
      const bool pieces =
          element->is_fragments || (element->header.tag == kPixelData && scope.begin == root_.begin);
      if (pieces) return piece(*element, segments, i + 1);
      if (!element->is_sequence)
        return last ? std::optional<Content>(range(element->value, element->length())) : std::nullopt;
      if (last) return list(indexes(count_items(element->inner)));
      const auto item = find_item(element->inner, segments[i + 1]);
      if (!item) return std::nullopt;
      scope = item->inner;
    }
  }

 private:
  std::vector<std::string> tags(const Scope& scope) {
    std::vector<std::string> names;
    uint64_t position = scope.begin;
    while (auto element = walker_.element_at(scope, position)) {
      names.push_back(format_tag(element->header.tag, '-'));
      position = element->next;
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

  std::optional<WalkedElement> find_element(const Scope& scope, Tag tag) {
    uint64_t position = scope.begin;
    while (auto element = walker_.element_at(scope, position)) {
      if (element->header.tag == tag) return element;
      position = element->next;
    }
    return std::nullopt;
  }

  size_t count_items(const Scope& sequence) {
    size_t count = 0;
    uint64_t position = sequence.begin;
    for (; auto item = walker_.item_at(sequence, position, false); ++count) position = item->next;
    return count;
  }

  std::optional<WalkedElement> find_item(const Scope& sequence, const std::string& segment) {
    auto index = parse_index(segment);
    if (!index) return std::nullopt;
    uint64_t position = sequence.begin;
    while (auto item = walker_.item_at(sequence, position, false)) {
      if ((*index)-- == 0) return item;
      position = item->next;
    }
    return std::nullopt;
  }

  std::optional<Content> piece(const WalkedElement& element, const std::vector<std::string>& segments,
                               size_t at) {
    const auto pieces = element.is_fragments ? fragments(element) : frames(element);
    if (at == segments.size()) return list(indexes(pieces.size()));
    const auto index = parse_index(segments[at]);
    if (at + 1 != segments.size() || !index || *index >= pieces.size()) return std::nullopt;
    return range(pieces[*index].offset, pieces[*index].length);
  }

  std::vector<Piece> fragments(const WalkedElement& element) {
    std::vector<Piece> pieces;
    uint64_t position = element.inner.begin;
    while (auto item = walker_.item_at(element.inner, position, true)) {
      if (pieces.size() == kMaximumFragments) {
        throw Error(HILUM_E_BAD_FORMAT,
                    "more than " + std::to_string(pieces.size()) + " fragments of pixel data");
      }
      pieces.push_back({item->value, item->length()});
      position = item->next;
    }
    return pieces;
  }

  ImageShape shape() {
    ImageShape shape;
    uint64_t position = root_.begin;
    while (auto element = walker_.element_at(root_, position)) {
      if (element->header.tag >= kPixelData) break;
      uint64_t* field = nullptr;
      switch (element->header.tag) {
        case 0x00280002:
          field = &shape.samples;
          break;
        case 0x00280008:
          field = &shape.frames;
          break;
        case 0x00280010:
          field = &shape.rows;
          break;
        case 0x00280011:
          field = &shape.columns;
          break;
        case 0x00280100:
          field = &shape.bits;
          break;
        default:
          break;
      }
      if (field != nullptr) *field = number_of(source_, *element, root_.big_endian);
      position = element->next;
    }
    return shape;
  }

  // Native pixel data: frames follow each other, of equal size (PS3.5 section 8.1.1); bits of a frame that
  // ends inside a byte share it with the next one. A shape that doesn't fit the data is not believed.
  std::vector<Piece> frames(const WalkedElement& element) {
    const ImageShape image = shape();
    const uint64_t total = element.length();
    const uint64_t pixels = image.rows * image.columns * image.samples;  // each below 2^16
    const uint64_t bits = image.bits != 0 && pixels <= UINT64_MAX / image.bits ? pixels * image.bits : 0;
    const bool fits = bits != 0 && image.frames <= total * 8 / bits;
    const uint64_t count = fits                                                 ? image.frames
                           : image.frames <= total && total % image.frames == 0 ? image.frames
                                                                                : 1;
    std::vector<Piece> pieces;
    pieces.reserve(static_cast<size_t>(count));
    for (uint64_t k = 0; k < count; ++k) {
      const uint64_t begin = fits ? k * bits / 8 : k * (total / count);
      const uint64_t end = fits ? ((k + 1) * bits + 7) / 8 : (k + 1) * (total / count);
      pieces.push_back({element.value + begin, end - begin});
    }
    return pieces;
  }

  const ByteSource& source_;
  ElementWalker walker_;
  Scope root_;
};

std::string inflate_data_set(const ByteSource& file, const Structure& structure) {
  const ByteSource part = file.part(structure.data_set_offset);
  Cursor cursor(part, true, kMaximumInflatedHeader);
  std::string bytes;
  while (cursor.drain(bytes)) {
  }
  return bytes;
}

}  // namespace

std::optional<Content> find_content(const ByteSource& file, const std::vector<std::string>& segments) {
  Structure structure = scan_file(file);
  if (!structure.syntax.deflated) return ContentFinder(file, structure).find(segments);
  const std::string bytes = inflate_data_set(file, structure);
  const ByteSource inflated(bytes.data(), bytes.size());
  structure.data_set_offset = 0;
  auto content = ContentFinder(inflated, structure).find(segments);
  if (content && content->kind == Content::Kind::Range) {
    content->kind = Content::Kind::Bytes;
    content->bytes = inflated.copy(content->offset, content->length);
    content->offset = content->length = 0;
  }
  return content;
}

}  // namespace hilum::dicom
