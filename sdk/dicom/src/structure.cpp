#include <hilum/cpp/error.h>
#include <hilum/dicom/structure.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "cursor.h"
#include "element_header.h"

namespace hilum::dicom {

bool has_long_form(char a, char b) {
  static constexpr std::string_view kShort =
      "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US ";
  if (a < 'A' || a > 'Z' || b < 'A' || b > 'Z') return false;
  for (size_t i = 0; i < kShort.size(); i += 3)
    if (kShort[i] == a && kShort[i + 1] == b) return false;
  return true;
}

namespace {

[[noreturn]] void refuse(const ByteSource& source, const std::string& why) {
  throw Error(HILUM_E_BAD_FORMAT,
              "not a complete DICOM file (size: " + std::to_string(source.size()) + " bytes): " + why);
}

// Walks the element structure with a stack of its own. The sequences of implicit VR (and of UN) with a
// defined length can only be told from binary values by the dictionary; here every value that starts with an
// item tag is walked as one
// ("soft"): what then turns out not to be a sequence is skipped by its length, and what is one is checked.
class Scanner {
 public:
  Scanner(const ByteSource& source, uint64_t offset, const TransferSyntax& syntax,
          const std::vector<Tag>* wanted = nullptr)
      : source_(source),
        wanted_(syntax.deflated ? nullptr : wanted),
        offset_(syntax.deflated ? 0 : offset),
        cursor_(syntax.deflated ? source.part(offset) : source, syntax.deflated, kMaximumInflatedSize),
        syntax_(syntax) {
    if (!syntax.deflated) cursor_.skip(offset);
  }

  void run(Structure& found) {
    const uint64_t end = syntax_.deflated ? UINT64_MAX : source_.size();
    stack_[0] = {end, Frame::Elements, false, !syntax_.explicit_vr, syntax_.big_endian, false};
    depth_ = 0;
    while (step(found)) {
    }
    end_wanted(found);
    if (!cursor_.complete()) refuse(source_, "the deflated data set is cut off");
    if (syntax_.deflated &&
        (found.has_pixel_data ? found.pixel_data_offset : cursor_.position()) > kMaximumInflatedHeader)
      refuse(source_, "the deflated data set inflates to too many bytes before its pixel data");
  }

 private:
  struct Frame {
    enum Kind : uint8_t { Elements, Items, Fragments };
    uint64_t end;
    Kind kind;
    bool undefined;  // ends by a delimiter
    bool implicit;
    bool big_endian;
    bool soft;
  };

  // One header. False at the end of the data set.
  bool step(Structure& found) {
    Frame& frame = stack_[static_cast<size_t>(depth_)];
    const uint64_t position = cursor_.position();
    if (depth_ == 0) {
      end_wanted(found);
      if (cursor_.at_end()) return false;
    } else if (position >= frame.end) {
      if (frame.undefined) return fail("a sequence or an item has no end");
      --depth_;
      return true;
    }
    const uint8_t* p = cursor_.peek(8);
    if (p == nullptr) return fail("it ends inside an element");
    const Tag tag = read_tag(p, frame.big_endian);
    const uint32_t length = read32(p + 4, frame.big_endian);
    switch (frame.kind) {
      case Frame::Items:
        return item(frame, tag, length);
      case Frame::Fragments:
        return fragment(frame, tag, length);
      case Frame::Elements:
        break;
    }
    if (tag == kItemDelimiter) {
      cursor_.skip(8);
      if (frame.undefined) --depth_;
      return true;
    }
    return element(found, frame, tag, p);
  }

  bool item(const Frame& frame, Tag tag, uint32_t length) {
    if (tag == kSequenceDelimiter) {
      cursor_.skip(8);
      if (frame.undefined) --depth_;
      return true;
    }
    if (tag != kItem) return fail("a sequence holds something that is not an item");
    cursor_.skip(8);
    return enter(Frame::Elements, length, frame.implicit, frame.big_endian, false);
  }

  bool fragment(const Frame& frame, Tag tag, uint32_t length) {
    cursor_.skip(8);
    if (tag == kSequenceDelimiter) {
      --depth_;
      return true;
    }
    if (tag != kItem || length == kUndefinedLength) return fail("broken fragments of pixel data");
    if (length > left(frame) || !cursor_.skip(length)) return fail("a fragment of pixel data is cut off");
    return true;
  }

  bool element(Structure& found, const Frame& frame, Tag tag, const uint8_t* p) {
    ElementHeader header;
    header.tag = tag;
    if (!read_header(frame, p, header)) return fail("it ends inside an element");
    const uint64_t start = cursor_.position();
    cursor_.skip(header.size);
    if (depth_ == 0 && wanted_ != nullptr) {
      // What stands behind the Pixel Data (out of order) is not read on the other ways either.
      is_wanted_ = !found.has_pixel_data && std::binary_search(wanted_->begin(), wanted_->end(), tag);
      wanted_begin_ = start;
    }
    if (tag == kPixelData && depth_ == 0 && !found.has_pixel_data) {
      found.has_pixel_data = true;
      found.pixel_data_offset = start;
      std::memcpy(found.pixel_data_vr, header.vr, sizeof header.vr);
      found.pixel_value_offset = cursor_.position();
      if (header.length != kUndefinedLength) found.pixel_data_length = header.length;
    }
    if (header.length == kUndefinedLength) {
      const bool bytes = header.has_vr('O', 'B') || header.has_vr('O', 'W') || tag == kPixelData;
      if (bytes) return enter(Frame::Fragments, kUndefinedLength, false, frame.big_endian, false);
      const bool unknown = header.has_vr('U', 'N');
      return enter(Frame::Items, kUndefinedLength, frame.implicit || unknown, !unknown && frame.big_endian,
                   false);
    }
    if (header.length > left(frame))
      return fail("element " + format_tag(tag) + " is longer than what holds it");
    if (header.has_vr('S', 'Q'))
      return enter(Frame::Items, header.length, frame.implicit, frame.big_endian, false);
    if (may_be_sequence(frame, header)) {
      // What the dictionary calls a sequence DCMTK takes for one: then nothing in it may be broken.
      const bool is_sequence = frame.implicit && dictionary_vr(header.tag) == EVR_SQ;
      return enter(Frame::Items, header.length, true, !header.has_vr('U', 'N') && frame.big_endian,
                   !is_sequence);
    }
    if (!cursor_.skip(header.length)) return fail("element " + format_tag(tag) + " is cut off");
    return true;
  }

  // At the end of each element of the top level.
  void end_wanted(Structure& found) {
    if (!is_wanted_) return;
    is_wanted_ = false;
    const uint64_t end = cursor_.position();
    if (!found.wanted.empty() && found.wanted.back().second == wanted_begin_) {
      found.wanted.back().second = end;
    } else {
      found.wanted.emplace_back(wanted_begin_, end);
    }
  }

  bool read_header(const Frame& frame, const uint8_t* p, ElementHeader& header) {
    const bool bare = frame.implicit || header.tag >> 16 == 0xfffe;
    header.size = 8;
    if (bare) {
      header.length = read32(p + 4, frame.big_endian);
      return true;
    }
    header.vr[0] = static_cast<char>(p[4]);
    header.vr[1] = static_cast<char>(p[5]);
    if (!has_long_form(header.vr[0], header.vr[1])) {
      header.length = read16(p + 6, frame.big_endian);
      return true;
    }
    p = cursor_.peek(12);
    if (p == nullptr) return false;
    header.length = read32(p + 8, frame.big_endian);
    header.size = 12;
    return true;
  }

  bool may_be_sequence(const Frame& frame, const ElementHeader& header) {
    if (!frame.implicit && !header.has_vr('U', 'N')) return false;
    if (header.length < 8 || header.tag == kPixelData) return false;
    const uint8_t* p = cursor_.peek(8);
    return p != nullptr && read_tag(p, !header.has_vr('U', 'N') && frame.big_endian) == kItem;
  }

  // Bytes that the innermost container still has.
  uint64_t left(const Frame& frame) const {
    const uint64_t position = cursor_.position();
    return frame.end > position ? frame.end - position : 0;
  }

  bool enter(Frame::Kind kind, uint32_t length, bool implicit, bool big_endian, bool soft) {
    const Frame& outer = stack_[static_cast<size_t>(depth_)];
    const bool undefined = length == kUndefinedLength;
    if (!undefined && length > left(outer)) return fail("an item or a sequence is longer than what holds it");
    if (depth_ + 1 >= static_cast<int>(stack_.size()))
      refuse(source_, "sequences are nested deeper than " + std::to_string(kMaximumNesting) + " levels");
    const uint64_t end = undefined ? outer.end : cursor_.position() + length;
    stack_[static_cast<size_t>(++depth_)] = {end, kind, undefined, implicit, big_endian, soft};
    return true;
  }

  // Broken here. If that is inside of something that only may have been a sequence, it was none.
  bool fail(const std::string& why) {
    for (int i = 1; i <= depth_; ++i) {
      const Frame& frame = stack_[static_cast<size_t>(i)];
      if (!frame.soft) continue;
      const uint64_t position = cursor_.position();
      if (frame.end < position || !cursor_.skip(frame.end - position)) break;
      depth_ = i - 1;
      return true;
    }
    refuse(source_, why);
  }

  const ByteSource& source_;
  const std::vector<Tag>* wanted_;
  bool is_wanted_ = false;     // the element of the top level that is being walked
  uint64_t wanted_begin_ = 0;  // and where it begins
  uint64_t offset_;
  Cursor cursor_;
  TransferSyntax syntax_;
  std::array<Frame, 2 * kMaximumNesting + 2> stack_{};
  int depth_ = 0;
};

// The meta header is flat, explicit VR little endian. Returns where it ends; finds the transfer syntax on the
// way.
uint64_t scan_meta_header(const ByteSource& source, uint64_t offset, Structure& found) {
  Cursor cursor(source, false, 0);
  cursor.skip(offset);
  while (const uint8_t* p = cursor.peek(8)) {
    const Tag tag = read_tag(p, false);
    if (tag_group(tag) != 2) break;
    uint64_t length = read16(p + 6, false);
    uint64_t size = 8;
    const char vr[2] = {static_cast<char>(p[4]), static_cast<char>(p[5])};
    if (has_long_form(vr[0], vr[1])) {
      p = cursor.peek(12);
      if (p == nullptr) refuse(source, "it ends inside the meta header");
      length = read32(p + 8, false);
      size = 12;
    } else if (vr[0] < 'A' || vr[0] > 'Z') {
      length = read32(p + 4, false);  // written in implicit VR, against the standard
    }
    if ((vr[0] == 'S' && vr[1] == 'Q') || length == kUndefinedLength)
      refuse(source, "a sequence in the meta header");
    cursor.skip(size);
    if (length > cursor.remaining()) refuse(source, "the meta header is cut off");
    if (tag == 0x00020010 && length <= 64) {
      const uint8_t* value = cursor.peek(static_cast<size_t>(length));
      if (value != nullptr)
        found.transfer_syntax.assign(reinterpret_cast<const char*>(value), static_cast<size_t>(length));
      const size_t last = found.transfer_syntax.find_last_not_of(std::string_view("\0 ", 2));
      found.transfer_syntax.resize(last == std::string::npos ? 0 : last + 1);
    }
    cursor.skip(length);
    found.has_meta_header = true;
  }
  return cursor.position();
}

bool is_known_vr(const uint8_t* p) {
  static constexpr std::string_view kKnown =
      "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT "
      "UV ";
  const size_t at = kKnown.find(std::string_view(reinterpret_cast<const char*>(p), 2));
  return at != std::string_view::npos && at % 3 == 0;
}

// Transfer syntax of a data set without a (usable) meta header, from its first element: is there a VR, and
// which byte order gives the smaller group (or, groups being equally plausible, element)?
E_TransferSyntax guess(const ByteSource& source, uint64_t offset) {
  uint8_t p[6];
  if (source.read(offset, p, sizeof p) < sizeof p) refuse(source, "too short");
  const Tag little = read_tag(p, false);
  const Tag big = read_tag(p, true);
  bool is_big;
  if ((tag_group(little) > 0xff) != (tag_group(big) > 0xff))
    is_big = tag_group(little) > 0xff;
  else
    is_big = tag_element(little) > 0xff && tag_element(big) <= 0xff;
  if (is_known_vr(p + 4)) return is_big ? EXS_BigEndianExplicit : EXS_LittleEndianExplicit;
  return is_big ? EXS_BigEndianImplicit : EXS_LittleEndianImplicit;
}

}  // namespace

Structure scan_file(const ByteSource& source, const std::vector<Tag>* wanted) {
  Structure found;
  if (source.size() == 0) throw Error(HILUM_E_BAD_FORMAT, "an empty file is not a DICOM file");
  char magic[4];
  if (source.read(128, magic, 4) == 4 && std::memcmp(magic, "DICM", 4) == 0) {
    found.has_preamble = true;
    found.meta_header_offset = 132;
  }
  found.data_set_offset = scan_meta_header(source, found.meta_header_offset, found);
  const auto syntax = find_transfer_syntax(found.transfer_syntax);
  if (syntax) {
    found.syntax = *syntax;
  } else if (found.data_set_offset < source.size()) {
    found.syntax = transfer_syntax_facts(guess(source, found.data_set_offset));
    if (found.transfer_syntax.empty()) found.transfer_syntax = DcmXfer(found.syntax.dcmtk).getXferID();
  } else {
    refuse(source, "there is no data set");
  }
  Scanner(source, found.data_set_offset, found.syntax, wanted).run(found);
  return found;
}

Structure scan_data_set(const ByteSource& source, const TransferSyntax& syntax) {
  Structure found;
  found.syntax = syntax;
  found.transfer_syntax = DcmXfer(syntax.dcmtk).getXferID();
  Scanner(source, 0, syntax).run(found);
  return found;
}

}  // namespace hilum::dicom
