#include <hilum/rest/arguments.h>
#include <hilum/rest/stored_file.h>

#include <algorithm>

namespace hilum::rest {

namespace {

constexpr uint64_t kInMemory = 16u << 20;
constexpr uint64_t kPiece = 1u << 20;
constexpr uint64_t kReadAtOnce = 1u << 20;

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
      pixel_data_offset_(pixel_data_offset_of(instance)),
      read_([this](uint64_t offset, void* to, size_t count) { return blob_.read(offset, to, count); }) {
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

// For a parser that has not seen it: answers list it all the same.
dicom::ParsedInstance StoredFile::with_pixel_data(dicom::ParsedInstance instance) const {
  if (pixel_data_offset_) {
    instance.has_pixel_data = true;
    instance.pixel_data_offset = pixel_data_offset_;
  }
  return instance;
}

// What lies before Pixel Data is a complete data set of its own.
dicom::ParsedInstance StoredFile::parse_header() {
  return with_pixel_data(dicom::parse_file(fetch(pixel_data_offset_.value_or(size_))));
}

dicom::ParsedInstance StoredFile::parse_image_header(const dicom::ImageHeaderOptions& options) {
  return with_pixel_data(dicom::parse_image_header(fetch(pixel_data_offset_.value_or(size_)), options));
}

dicom::ParsedInstance StoredFile::parse_whole() {
  dicom::ParseOptions options;
  options.whole = true;
  return dicom::parse_file(fetch(size_), options);
}

dicom::ByteSource StoredFile::structure() {
  // What is stored compressed is read forward only.
  if (size_ <= kReadAtOnce || blob_.info().compressed != 0) return fetch(size_);
  return dicom::ByteSource(read_, size_);
}

}  // namespace hilum::rest
