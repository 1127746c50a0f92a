#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/tag.h>
#include <hilum/dicom/working_image.h>

#include <algorithm>

namespace hilum::dicom {
namespace {

constexpr uint16_t kImageGroup = 0x0028;
constexpr uint16_t kDescriptor = 0x1101;  // of red; green and blue follow
constexpr uint16_t kData = 0x1201;
constexpr uint16_t kSegmentedData = 0x1221;

DcmElement* element_of(DcmItem& item, uint16_t number) {
  DcmElement* element = nullptr;
  (void)item.findAndGetElement(DcmTagKey(kImageGroup, number), element);
  return element != nullptr && element->getLength() > 0 ? element : nullptr;
}

// The value as 16-bit words in host order.
std::vector<uint16_t> words_of(DcmElement& element) {
  std::vector<uint16_t> words;
  Uint16* shorts = nullptr;
  Sint16* signed_shorts = nullptr;
  Uint8* bytes = nullptr;
  const size_t count = element.getLength() / 2;
  if (element.getUint16Array(shorts).good() && shorts != nullptr) {
    words.assign(shorts, shorts + count);
  } else if (element.getSint16Array(signed_shorts).good() && signed_shorts != nullptr) {
    words.assign(signed_shorts, signed_shorts + count);
  } else if (element.getUint8Array(bytes).good() && bytes != nullptr) {
    for (size_t i = 0; i < count; ++i)
      words.push_back(static_cast<uint16_t>(bytes[2 * i] | (bytes[2 * i + 1] << 8)));
  }
  return words;
}

std::vector<uint16_t> bytes_of(const std::vector<uint16_t>& words) {
  std::vector<uint16_t> bytes;
  bytes.reserve(words.size() * 2);
  for (const uint16_t word : words) {
    bytes.push_back(word & 0xff);
    bytes.push_back(word >> 8);
  }
  return bytes;
}

[[noreturn]] void refuse(uint16_t number, const std::string& what) {
  const Tag tag = make_tag(kImageGroup, number);
  throw Error(HILUM_E_BAD_FORMAT, tag_name(tag) + " (" + format_tag(tag) + ") " + what);
}

// Expands segments (PS3.3 section C.7.9.2) to `count` entries.
class SegmentReader {
 public:
  SegmentReader(const std::vector<uint16_t>& data, size_t count, bool wide, uint16_t element)
      : data_(data), count_(count), offset_words_(wide ? 2 : 4), element_(element) {}

  std::vector<uint16_t> expand() {
    size_t position = 0;
    while (position + 1 < data_.size() && entries_.size() < count_) position = segment(position, true);
    if (entries_.size() < count_) refuse(element_, "has too few segments");
    return std::move(entries_);
  }

 private:
  size_t segment(size_t position, bool may_refer) {
    if (position + 1 >= data_.size()) refuse(element_, "ends within a segment");
    const uint16_t code = data_[position];
    const size_t length = data_[position + 1];
    position += 2;
    // Each segment gives at least one entry, so that their number is bounded by that of the entries.
    if (length == 0) refuse(element_, "has a segment without entries");
    if (code == 0) return discrete(position, length);
    if (code == 1) return linear(position, length);
    if (code == 2 && may_refer) return referred(position, length);
    refuse(element_, "has a segment of unknown kind " + std::to_string(code));
  }

  size_t discrete(size_t position, size_t length) {
    if (length > data_.size() - position) refuse(element_, "ends within a segment");
    for (size_t i = 0; i < length; ++i) push(data_[position + i]);
    return position + length;
  }

  size_t linear(size_t position, size_t length) {
    if (position >= data_.size() || entries_.empty()) refuse(element_, "has a line without its ends");
    const int64_t from = entries_.back();
    const int64_t to = data_[position];
    const auto steps = static_cast<int64_t>(length);
    for (int64_t i = 1; i <= steps; ++i) push(static_cast<uint16_t>(from + (to - from) * i / steps));
    return position + 1;
  }

  // `length` segments at an offset of this data, which do not refer any further.
  size_t referred(size_t position, size_t length) {
    if (offset_words_ > data_.size() - std::min(position, data_.size()))
      refuse(element_, "ends within a segment");
    uint64_t offset = 0;
    for (size_t i = 0; i < offset_words_; ++i) {
      offset |= uint64_t{data_[position + i]} << ((offset_words_ == 2 ? 16 : 8) * i);
    }
    size_t target = static_cast<size_t>(offset / (offset_words_ == 2 ? 2 : 1));  // bytes to words
    for (size_t i = 0; i < length && entries_.size() < count_; ++i) target = segment(target, false);
    return position + offset_words_;
  }

  void push(uint16_t value) {
    if (entries_.size() < count_) entries_.push_back(value);
  }

  const std::vector<uint16_t>& data_;
  size_t count_;
  size_t offset_words_;  // of the offset of an indirect segment, which has 32 bits
  uint16_t element_;
  std::vector<uint16_t> entries_;
};

struct Channel {
  uint32_t first = 0;
  std::vector<uint16_t> entries;  // 16-bit
};

Channel channel_of(DcmItem& data_set, uint16_t index) {
  const auto number = [&](uint16_t base) { return static_cast<uint16_t>(base + index); };
  DcmElement* descriptor = element_of(data_set, number(kDescriptor));
  const std::vector<uint16_t> shape = descriptor != nullptr ? words_of(*descriptor) : std::vector<uint16_t>();
  if (shape.size() < 3) refuse(number(kDescriptor), "is missing");
  if (shape[2] != 8 && shape[2] != 16) refuse(number(kDescriptor), "says neither 8 nor 16 bits");
  const bool wide = shape[2] == 16;
  const size_t count = shape[0] == 0 ? 65536 : shape[0];

  Channel channel;
  channel.first = shape[1];
  if (DcmElement* data = element_of(data_set, number(kData))) {
    std::vector<uint16_t> words = words_of(*data);
    // 8-bit entries are packed two to a word, or have a word each.
    channel.entries = !wide && words.size() < count ? bytes_of(words) : std::move(words);
    if (channel.entries.size() < count) refuse(number(kData), "is shorter than its descriptor says");
    channel.entries.resize(count);
  } else if (DcmElement* segments = element_of(data_set, number(kSegmentedData))) {
    const std::vector<uint16_t> words = words_of(*segments);
    const std::vector<uint16_t> units = wide ? words : bytes_of(words);
    channel.entries = SegmentReader(units, count, wide, number(kSegmentedData)).expand();
  } else {
    refuse(number(kData), "is missing");
  }
  if (!wide) {
    for (uint16_t& entry : channel.entries) entry = static_cast<uint16_t>((entry & 0xff) * 257);
  }
  return channel;
}

}  // namespace

Palette Palette::read(DcmItem& data_set) {
  const Channel channels[] = {channel_of(data_set, 0), channel_of(data_set, 1), channel_of(data_set, 2)};
  Palette palette;
  palette.first_ = channels[0].first;
  palette.entries_.resize(channels[0].entries.size());
  for (size_t c = 0; c < 3; ++c) {
    if (channels[c].first != palette.first_ || channels[c].entries.size() != palette.entries_.size()) {
      refuse(static_cast<uint16_t>(kDescriptor + c), "differs from that of red");
    }
    for (size_t i = 0; i < palette.entries_.size(); ++i) palette.entries_[i][c] = channels[c].entries[i];
  }
  return palette;
}

}  // namespace hilum::dicom
