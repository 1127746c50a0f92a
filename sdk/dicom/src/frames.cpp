#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcelem.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/frames.h>
#include <hilum/dicom/structure.h>

#include <algorithm>
#include <array>
#include <optional>

#include "cursor.h"
#include "element_header.h"
#include "fragments.h"

namespace hilum::dicom {
namespace {

constexpr uint64_t kLargestFrame = uint64_t{1} << 30;  // what frame() gives in one block of memory

[[noreturn]] void refuse(const std::string& why) { throw Error(HILUM_E_BAD_FORMAT, "pixel data: " + why); }

// An allocation of what a file asks for comes after a look at how much there is.
std::string block(uint64_t size) {
  if (size > kLargestFrame) {
    throw Error(HILUM_E_TOO_LARGE, "a frame of " + std::to_string(size) + " bytes; at most " +
                                       std::to_string(kLargestFrame) + " are handled");
  }
  return std::string(static_cast<size_t>(size), '\0');
}

// Where the value of Pixel Data lies in the bytes of the data set.
struct PixelValue {
  uint64_t offset = 0;
  uint64_t length = 0;  // as far as the source reaches, if it is encapsulated
  bool encapsulated = false;
  bool swapped = false;  // 16-bit words, big-endian
};

PixelValue read_pixel_header(const ByteSource& source, uint64_t offset, const TransferSyntax& syntax) {
  uint8_t p[12];
  const size_t got = source.read(offset, p, sizeof p);
  if (got < 8 || read_tag(p, syntax.big_endian) != kPixelData) refuse("it is not where the header says");
  PixelValue value;
  uint32_t length = read32(p + 4, syntax.big_endian);
  value.offset = offset + 8;
  const bool bytes = syntax.explicit_vr && p[4] == 'O' && p[5] == 'B';
  if (syntax.explicit_vr) {
    const bool is_long = has_long_form(static_cast<char>(p[4]), static_cast<char>(p[5]));
    if (is_long && got < 12) refuse("it is cut off");
    length = is_long ? read32(p + 8, syntax.big_endian) : read16(p + 6, syntax.big_endian);
    if (is_long) value.offset = offset + 12;
  }
  value.swapped = syntax.big_endian && !bytes;
  value.encapsulated = length == kUndefinedLength;
  const uint64_t available = source.size() - std::min(source.size(), value.offset);
  if (!value.encapsulated && length > available) refuse("it is cut off");
  value.length = value.encapsulated ? available : length;
  return value;
}

void swap_words(std::string& bytes) {
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) std::swap(bytes[i], bytes[i + 1]);
}

// Moves bits that begin inside a byte to its start; the least significant bit is the first (PS3.5 section 8.1.1).
std::string align_bits(const std::string& bytes, unsigned shift, uint64_t count) {
  std::string out(static_cast<size_t>((count + 7) / 8), '\0');
  for (size_t i = 0; i < out.size(); ++i) {
    const unsigned low = static_cast<uint8_t>(bytes[i]);
    const unsigned high = i + 1 < bytes.size() ? static_cast<uint8_t>(bytes[i + 1]) : 0;
    out[i] = static_cast<char>((low >> shift | high << (8 - shift)) & 0xff);
  }
  if (count % 8 != 0) out.back() = static_cast<char>(out.back() & ((1 << (count % 8)) - 1));
  return out;
}

// Nothing if it is not there, or does not have one entry for each frame.
std::string extended_offset_table(DcmDataset& data_set, uint64_t frames) {
  DcmElement* element = nullptr;
  if (data_set.findAndGetElement(DcmTagKey(0x7fe0, 0x0001), element).bad() || element == nullptr) return {};
  if (element->getLength() / sizeof(uint64_t) != frames) return {};
  // In the order of this machine, which has to be that of the file: big-endian data are not encapsulated.
  Uint64* entries = nullptr;  // OV
  if (element->getUint64Array(entries).good() && entries != nullptr) {
    return std::string(reinterpret_cast<const char*>(entries), element->getLength());
  }
  Uint8* bytes = nullptr;  // OB or UN, by who did not know better
  if (element->getUint8Array(bytes).good() && bytes != nullptr) {
    return std::string(reinterpret_cast<const char*>(bytes), element->getLength());
  }
  return {};
}

}  // namespace

// How the frames lie. Frame numbers have been checked.
class FrameReader::Layout {
 public:
  virtual ~Layout() = default;
  virtual bool is_native() const = 0;
  virtual std::string frame(uint64_t n) = 0;
  virtual std::vector<Piece> pieces(uint64_t n) = 0;
};

// Frames of equal size behind each other.
class FrameReader::Native : public FrameReader::Layout {
 public:
  Native(const ByteSource& source, const PixelValue& value, const PixelFormat& format)
      : source_(source), value_(value) {
    // Rows, columns, samples and bits are below 2^16 each, and bits are at most 64.
    bits_ = format.bits_allocated == 1 ? uint64_t{format.rows} * format.columns * format.samples_per_pixel
                                       : std::min(format.frame_size(), UINT64_MAX / 8) * 8;
    if (bits_ == 0) refuse("the image has no pixels");
    fitting_ = value_.length * 8 / bits_;
  }

  bool is_native() const override { return true; }

  std::string frame(uint64_t n) override {
    check(n);
    uint64_t begin = n * bits_ / 8;
    const uint64_t end = (n * bits_ + bits_ + 7) / 8;
    const uint64_t skipped = value_.swapped ? begin % 2 : 0;
    begin -= skipped;
    std::string bytes = read(begin, value_.swapped ? std::min(end + end % 2, value_.length) : end);
    if (value_.swapped) {
      swap_words(bytes);
      bytes = bytes.substr(static_cast<size_t>(skipped), static_cast<size_t>(end - begin - skipped));
    }
    const auto shift = static_cast<unsigned>(n * bits_ % 8);
    return shift == 0 && bits_ % 8 == 0 ? bytes : align_bits(bytes, shift, bits_);
  }

  std::vector<Piece> pieces(uint64_t n) override {
    check(n);
    if (!lies_open() || value_.swapped || bits_ % 8 != 0) return {};
    return {{value_.offset + n * (bits_ / 8), bits_ / 8}};
  }

 protected:
  // Bytes of the value.
  virtual std::string read(uint64_t begin, uint64_t end) {
    std::string bytes = block(end - begin);
    if (source_.read(value_.offset + begin, bytes.data(), bytes.size()) < bytes.size())
      refuse("it is cut off");
    return bytes;
  }
  virtual bool lies_open() const { return true; }

  const ByteSource& source_;
  const PixelValue value_;

 private:
  void check(uint64_t n) const {
    if (n < fitting_) return;
    refuse(std::to_string(value_.length) + " bytes do not hold frame " + std::to_string(n) + " of " +
           std::to_string((bits_ + 7) / 8) + " bytes");
  }

  uint64_t bits_ = 0;     // of one frame
  uint64_t fitting_ = 0;  // frames in the value
};

// The same behind a deflated data set: inflated up to the frame, from where the last one ended if it comes later.
class FrameReader::Deflated : public FrameReader::Native {
 public:
  // `source`: the compressed data set; offsets of `value` count in the inflated one.
  Deflated(const ByteSource& source, const PixelValue& value, const PixelFormat& format)
      : Native(compressed_, value, format), compressed_(source) {}

 protected:
  std::string read(uint64_t begin, uint64_t end) override {
    const uint64_t position = value_.offset + begin;
    if (!cursor_ || cursor_->position() > position) cursor_.emplace(compressed_, true, kMaximumInflatedSize);
    std::string bytes = block(end - begin);
    if (!cursor_->skip(position - cursor_->position()) ||
        cursor_->read(bytes.data(), bytes.size()) < bytes.size()) {
      refuse("it is cut off");
    }
    return bytes;
  }
  bool lies_open() const override { return false; }

 private:
  ByteSource compressed_;
  std::optional<Cursor> cursor_;
};

class FrameReader::Encapsulated : public FrameReader::Layout {
 public:
  Encapsulated(const ByteSource& source, const PixelValue& value, uint64_t frames, std::string extended_table)
      : source_(source), fragments_(source, value.offset, frames, std::move(extended_table)) {}

  bool is_native() const override { return false; }

  std::string frame(uint64_t n) override {
    const std::vector<Piece> found = fragments_.of_frame(n);
    uint64_t size = 0;
    for (const Piece& piece : found) size += piece.length;
    std::string bytes = block(size);
    size_t done = 0;
    for (const Piece& piece : found) {
      const auto length = static_cast<size_t>(piece.length);
      if (source_.read(piece.offset, bytes.data() + done, length) < length) refuse("it is cut off");
      done += length;
    }
    return bytes;
  }

  std::vector<Piece> pieces(uint64_t n) override { return fragments_.of_frame(n); }

 private:
  const ByteSource& source_;
  Fragments fragments_;
};

bool is_video(std::string_view transfer_syntax) {
  constexpr std::string_view kFirst = "1.2.840.10008.1.2.4.";
  if (transfer_syntax.substr(0, kFirst.size()) != kFirst) return false;
  std::string_view number = transfer_syntax.substr(kFirst.size());
  number = number.substr(0, number.find('.'));  // fragmentable forms end in .1
  constexpr std::array<std::string_view, 9> kVideo = {"100", "101", "102", "103", "104",
                                                      "105", "106", "107", "108"};
  return std::find(kVideo.begin(), kVideo.end(), number) != kVideo.end();
}

FrameReader::FrameReader(const ByteSource& source, const ParsedInstance& header)
    : source_(source), transfer_syntax_(header.transfer_syntax) {
  if (!header.has_pixel_data) refuse("there is none");
  count_ = is_video(transfer_syntax_) ? 1 : frame_count(header.data_set());
  // What nobody knows is compressed, in explicit VR: so are all syntaxes of the last thirty years.
  const TransferSyntax syntax = find_transfer_syntax(transfer_syntax_)
                                    .value_or(transfer_syntax_facts(header.data_set().getOriginalXfer()));
  const auto read_format = [&] {
    format_ = pixel_format(header.data_set());
    format_->frames = count_;
  };
  if (syntax.deflated) {
    read_format();
    const Structure structure = scan_file(source_);
    const PixelValue value{structure.pixel_value_offset, structure.pixel_data_length.value_or(0), false,
                           false};
    layout_ = std::make_unique<Deflated>(source_.part(structure.data_set_offset), value, *format_);
    return;
  }
  if (!header.pixel_data_offset) refuse("nobody knows where it is");
  const PixelValue value = read_pixel_header(source_, *header.pixel_data_offset, syntax);
  if (value.encapsulated) {
    try {
      read_format();
    } catch (const Error& error) {
      format_error_ = error;
    }
    layout_ = std::make_unique<Encapsulated>(source_, value, count_,
                                             extended_offset_table(header.data_set(), count_));
  } else {
    read_format();
    layout_ = std::make_unique<Native>(source_, value, *format_);
  }
}

FrameReader::~FrameReader() = default;

const PixelFormat& FrameReader::format() const {
  if (!format_) throw *format_error_;
  return *format_;
}

bool FrameReader::is_native() const { return layout_->is_native(); }

void FrameReader::check_number(uint64_t n) const {
  if (n < count_) return;
  throw Error(HILUM_E_OUT_OF_RANGE, "frame " + std::to_string(n) + " of an image with " +
                                        std::to_string(count_) + " frames, counted from 0");
}

std::string FrameReader::frame(uint64_t n) {
  check_number(n);
  return layout_->frame(n);
}

std::vector<Piece> FrameReader::pieces(uint64_t n) {
  check_number(n);
  return layout_->pieces(n);
}

}  // namespace hilum::dicom
