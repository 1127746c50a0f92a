#include <hilum/dicom/transfer_syntax.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/stored_file.h>

#include <algorithm>
#include <vector>

namespace hilum::rest {

namespace {

constexpr uint64_t kInMemory = 16u << 20;
constexpr uint64_t kPiece = 1u << 20;
constexpr uint64_t kMaximumFragments = 4u << 20;

// PS3.5 sections 7.1.2 and 7.5: header of an element with a 32-bit length and of an item.
constexpr uint64_t kExplicitHeader = 12;
constexpr uint64_t kImplicitHeader = 8;
constexpr uint64_t kItemHeader = 8;
constexpr uint32_t kItemTag = 0xe000fffe;  // (FFFE,E000) as a little-endian number
constexpr uint32_t kUndefinedLength = 0xffffffff;

uint32_t number32(std::string_view bytes, bool big_endian) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) {
    auto byte = static_cast<uint32_t>(static_cast<unsigned char>(bytes[i]));
    number |= byte << (8 * (big_endian ? 3 - i : i));
  }
  return number;
}

std::optional<uint64_t> pixel_data_offset_of(const Resource& instance) {
  std::optional<uint64_t> offset;
  instance.metadata([&](int32_t key, std::string_view value, int64_t) {
    if (key != HILUM_METADATA_PIXEL_DATA_OFFSET) return;
    std::optional<int64_t> number = parse_integer(value);
    if (number && *number > 0) offset = static_cast<uint64_t>(*number);
  });
  return offset;
}

}  // namespace

StoredFile::StoredFile(const Services& services, const Resource& instance)
    : services_(services),
      blob_(services.attachments.open(instance)),
      size_(blob_.info().content_size),
      pixel_data_offset_(pixel_data_offset_of(instance)) {
  if (pixel_data_offset_ && *pixel_data_offset_ > size_) pixel_data_offset_.reset();
}

void StoredFile::copy(uint64_t begin, uint64_t end, TemporaryFile& to) const {
  while (begin < end) {
    std::string piece = blob_.read(begin, static_cast<size_t>(std::min(kPiece, end - begin)));
    if (piece.empty()) {
      throw Error(HILUM_E_CORRUPTED, "the stored file ends after " + std::to_string(begin) + " of " +
                                         std::to_string(size_) + " bytes");
    }
    to.write(begin, piece);
    begin += piece.size();
  }
}

dicom::ByteSource StoredFile::fetch(uint64_t size) {
  if (size <= kInMemory) {
    memory_ = blob_.read(0, static_cast<size_t>(size));
    if (memory_.size() < size) {
      throw Error(HILUM_E_CORRUPTED, "the stored file is shorter than the index says");
    }
    return dicom::ByteSource(memory_.data(), size);
  }
  file_.emplace(services_.temporary_directory);
  copy(0, size, *file_);
  return dicom::ByteSource(file_->descriptor(), 0, size);
}

dicom::ParsedInstance StoredFile::parse_header() {
  // What lies before Pixel Data is a complete data set of its own.
  dicom::ParsedInstance instance = dicom::parse_file(fetch(pixel_data_offset_.value_or(size_)));
  if (pixel_data_offset_) {
    // The parser has not seen it; answers list it all the same.
    instance.has_pixel_data = true;
    instance.pixel_data_offset = pixel_data_offset_;
  }
  return instance;
}

dicom::ParsedInstance StoredFile::parse_whole() {
  dicom::ParseOptions options;
  options.whole = true;
  return dicom::parse_file(fetch(size_), options);
}

// From the first item of encapsulated Pixel Data: the header of each fragment, then all that follows the
// last.
void StoredFile::copy_fragment_headers(uint64_t position, TemporaryFile& to) const {
  std::string window;
  uint64_t window_begin = 0;
  for (uint64_t count = 0; position + kItemHeader <= size_; ++count) {
    if (count == kMaximumFragments) {
      throw Error(HILUM_E_BAD_FORMAT, "more than " + std::to_string(count) + " fragments of pixel data");
    }
    if (position < window_begin || position + kItemHeader > window_begin + window.size()) {
      window = blob_.read(position, size_t{4096});
      window_begin = position;
      if (window.size() < kItemHeader) break;
    }
    std::string_view header =
        std::string_view(window).substr(static_cast<size_t>(position - window_begin), kItemHeader);
    if (number32(header, false) != kItemTag) break;
    to.write(position, header);
    position += kItemHeader + number32(header.substr(4), false);
  }
  if (position < size_) copy(position, size_, to);
}

dicom::ByteSource StoredFile::structure() {
  if (size_ <= kInMemory || !pixel_data_offset_) return fetch(size_);
  std::optional<dicom::TransferSyntax> syntax = dicom::find_transfer_syntax(parse_header().transfer_syntax);
  if (!syntax || syntax->deflated) return fetch(size_);

  uint64_t header_size = syntax->explicit_vr ? kExplicitHeader : kImplicitHeader;
  std::string header = blob_.read(*pixel_data_offset_, static_cast<size_t>(header_size));
  if (header.size() < header_size) throw Error(HILUM_E_CORRUPTED, "the stored file ends in its pixel data");
  uint32_t length = number32(std::string_view(header).substr(header.size() - 4), syntax->big_endian);

  file_.emplace(services_.temporary_directory);
  file_->resize(size_);
  uint64_t value = *pixel_data_offset_ + header_size;
  copy(0, value, *file_);
  if (length == kUndefinedLength) {
    copy_fragment_headers(value, *file_);
  } else if (value + length < size_) {
    copy(value + length, size_, *file_);
  }
  return dicom::ByteSource(file_->descriptor(), 0, size_);
}

}  // namespace hilum::rest
