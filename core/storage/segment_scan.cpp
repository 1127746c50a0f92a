#include "core/storage/segment_scan.h"

#include <hilum/cpp/error.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/storage/crc32c.h"

namespace hilum::storage {
namespace {

// False if the file ends before, or cannot be read.
bool read_exactly(int fd, uint64_t offset, void* target, uint64_t size) {
  auto* next = static_cast<char*>(target);
  while (size > 0) {
    const ssize_t got = pread(fd, next, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return false;
    }
    next += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<uint64_t>(got);
  }
  return true;
}

}  // namespace

std::optional<SegmentHeader> read_segment_header(const SegmentFile& file) {
  char bytes[kSegmentHeaderSize];
  if (!read_exactly(file.fd.get(), 0, bytes, sizeof bytes)) {
    return std::nullopt;
  }
  return decode_segment_header({bytes, sizeof bytes});
}

std::optional<uint32_t> crc_of_range(int fd, uint64_t offset, uint64_t size) {
  std::string buffer(static_cast<size_t>(std::min<uint64_t>(size, 256 * 1024)), '\0');
  uint32_t crc = 0;
  while (size > 0) {
    const uint64_t piece = std::min<uint64_t>(size, buffer.size());
    if (!read_exactly(fd, offset, buffer.data(), piece)) {
      return std::nullopt;
    }
    crc = crc32c(crc, buffer.data(), piece);
    offset += piece;
    size -= piece;
  }
  return crc;
}

SegmentScan::SegmentScan(std::shared_ptr<const SegmentFile> file, uint64_t offset, uint64_t limit)
    : file_(std::move(file)), offset_(std::max<uint64_t>(offset, kSegmentHeaderSize)) {
  const auto header = read_segment_header(*file_);
  if (!header) {
    throw Error(HILUM_E_CORRUPTED, file_->path + ": the header of the segment is damaged");
  }
  header_ = *header;
  limit_ = std::min(limit, file_size(file_->fd.get(), file_->path));
}

bool SegmentScan::read(uint64_t offset, void* target, uint64_t size) const {
  return read_exactly(file_->fd.get(), offset, target, size);
}

std::optional<Group> SegmentScan::next() {
  char bytes[kGroupHeaderSize];
  if (offset_ > limit_ || limit_ - offset_ < sizeof bytes || !read(offset_, bytes, sizeof bytes)) {
    return std::nullopt;
  }
  const auto header = decode_group_header({bytes, sizeof bytes}, header_.salt);
  if (!header) {
    return std::nullopt;
  }
  const uint64_t room = limit_ - offset_ - kGroupHeaderSize;
  if (header->meta_size > room || header->data_size > room - header->meta_size ||
      header->directory_size > header->meta_size) {
    return std::nullopt;
  }
  std::string meta(static_cast<size_t>(header->meta_size), '\0');
  if (!read(offset_ + kGroupHeaderSize, meta.data(), meta.size()) || crc32c(meta) != header->meta_crc) {
    return std::nullopt;
  }
  auto entries = decode_entries(std::string_view(meta).substr(0, header->directory_size));
  if (!entries) {
    return std::nullopt;
  }
  uint64_t data = 0;
  for (const Entry& entry : *entries) {
    if (entry.kind == EntryKind::kBlob && entry.size > header->data_size - data) {
      return std::nullopt;
    }
    data += entry.kind == EntryKind::kBlob ? entry.size : 0;
  }
  Group group{*header, offset_, std::move(*entries), meta.substr(header->directory_size)};
  offset_ = group.end();
  return group;
}

bool SegmentScan::verify(const Group& group) const {
  uint64_t offset = group.data_offset();
  for (const Entry& entry : group.entries) {
    if (entry.kind != EntryKind::kBlob) {
      continue;
    }
    if (crc_of_range(file_->fd.get(), offset, entry.size) != entry.crc) {
      return false;
    }
    offset += entry.size;
  }
  return true;
}

std::vector<SegmentExtent> segment_extents(const SegmentFolder& folder, std::optional<uint32_t>* unfinished) {
  std::vector<SegmentExtent> extents;
  const std::vector<uint32_t> numbers = folder.numbers();
  for (const uint32_t number : numbers) {
    const auto file = folder.open(number);
    const auto header = file ? read_segment_header(*file) : std::nullopt;
    if (!header || header->number != number) {
      if (number == numbers.back()) {
        *unfinished = number;
        break;
      }
      throw Error(HILUM_E_CORRUPTED, folder.path_of(number) + ": the header of the segment is damaged");
    }
    if (!extents.empty() && extents.back().number == header->previous) {
      extents.back().limit = header->previous_end;
    }
    extents.push_back({number, UINT64_MAX});
  }
  return extents;
}

}  // namespace hilum::storage
