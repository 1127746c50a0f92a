#include "core/storage/segment_log.h"

#include <fcntl.h>
#include <hilum/cpp/error.h>
#include <sys/random.h>

#include <algorithm>

#include "core/base/log.h"
#include "core/storage/crc32c.h"
#include "core/storage/segment_scan.h"

namespace hilum::storage {
namespace {

// Groups up to this size are worth zeros ahead; large ones would write everything twice for little.
constexpr uint64_t kSmallGroup = 64 * 1024;

uint64_t random_salt() {
  uint64_t salt = 0;
  if (getrandom(&salt, sizeof salt, 0) != static_cast<ssize_t>(sizeof salt)) {
    throw Error(HILUM_E_SYSTEM, "the operating system gives no random bytes");
  }
  return salt;
}

iovec piece(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

}  // namespace

SegmentLog::SegmentLog(SegmentFolder& folder, FileSystem& files, LogOptions options)
    : folder_(folder), files_(files), options_(options) {
  const std::vector<uint32_t> numbers = folder.numbers();
  newest_ = numbers.empty() ? 0 : numbers.back();
}

void SegmentLog::resume(uint32_t segment, uint64_t end, uint64_t last_group) {
  resume_behind(segment, end, last_group);
  if (segment == 0) {
    return;
  }
  const auto file = folder_.open(segment);
  const auto header = file ? read_segment_header(*file) : std::nullopt;
  UniqueFd fd(files_.open(folder_.path_of(segment), O_RDWR, 0));
  if (!header || !fd || files_.ftruncate(fd.get(), static_cast<off_t>(end)) != 0 ||
      (options_.durable && files_.fdatasync(fd.get()) != 0)) {
    return;  // then a new segment
  }
  salt_ = header->salt;
  fd_ = std::move(fd);
}

void SegmentLog::resume_behind(uint32_t segment, uint64_t end, uint64_t last_group) {
  fd_.reset();
  segment_ = segment;
  end_ = zeros_end_ = end_before_ = end;
  last_group_ = group_before_ = last_group;
}

void SegmentLog::start_segment() {
  const SegmentHeader header{newest_ + 1, random_salt(), segment_, end_, last_group_};
  if (fd_) {
    // Only tidiness (zeros ahead): the new header says where the old segment ends.
    if (files_.ftruncate(fd_.get(), static_cast<off_t>(end_)) != 0) {
      log_warning(LogCategory::kIndex, "cannot cut the end of {}", folder_.path_of(segment_));
    }
    fd_.reset();
  }
  ++newest_;
  const std::string path = folder_.path_of(header.number);
  UniqueFd fd(files_.open(path, O_RDWR | O_CREAT | O_EXCL, 0600));
  if (!fd) {
    fail_write(path);
  }
  try {
    const std::string bytes = encode(header);
    iovec pieces[] = {piece(bytes)};
    write_pieces(files_, fd.get(), pieces, 1, 0, path);
    if (options_.durable) {
      if (files_.fdatasync(fd.get()) != 0) {
        fail_write(path);
      }
      flush_folder(files_, folder_.path());
    }
  } catch (...) {
    files_.unlink(path);
    throw;
  }
  fd_ = std::move(fd);
  segment_ = header.number;
  salt_ = header.salt;
  end_ = zeros_end_ = kSegmentHeaderSize;
}

void SegmentLog::write_zeros(uint64_t from, uint64_t size) {
  static const std::string zeros(256 * 1024, '\0');
  std::vector<iovec> pieces;
  for (uint64_t left = size; left > 0;) {
    const uint64_t some = std::min<uint64_t>(left, zeros.size());
    pieces.push_back(piece(std::string_view(zeros).substr(0, some)));
    left -= some;
  }
  write_pieces(files_, fd_.get(), pieces.data(), pieces.size(), from, folder_.path_of(segment_));
}

void SegmentLog::make_room(uint64_t size) {
  if (!fd_ || (end_ + size > options_.segment_size && end_ > kSegmentHeaderSize)) {
    start_segment();
  }
  if (options_.durable && size <= kSmallGroup && end_ + size > zeros_end_ && options_.zeros_ahead > 0 &&
      end_ + options_.zeros_ahead <= options_.segment_size && is_space_for_zeros()) {
    try {
      write_zeros(end_, options_.zeros_ahead);
      if (files_.fdatasync(fd_.get()) == 0) {
        zeros_end_ = end_ + options_.zeros_ahead;
      }
    } catch (const Error&) {
      // No space for the luxury; the group itself will say if there is none for it either.
      if (files_.ftruncate(fd_.get(), static_cast<off_t>(end_)) != 0) {
        log_warning(LogCategory::kIndex, "cannot cut the end of {}", folder_.path_of(segment_));
      }
    }
  }
}

// Zeros must not take what the index needs to go on when the disk is nearly full.
bool SegmentLog::is_space_for_zeros() const {
  constexpr uint64_t kTimes = 16;
  struct statvfs facts {};
  return files_.statvfs(folder_.path(), &facts) == 0 &&
         facts.f_bavail * facts.f_frsize >= kTimes * options_.zeros_ahead;
}

SegmentLog::Place SegmentLog::append(uint64_t number, std::vector<Entry>& entries, std::string_view redo,
                                     const std::vector<std::string_view>& blobs) {
  std::string directory;
  for (Entry& entry : entries) {
    append_entry(directory, entry);
  }
  GroupHeader header;
  header.number = number;
  header.previous = last_group_;
  header.directory_size = static_cast<uint32_t>(directory.size());
  header.meta_size = directory.size() + redo.size();
  header.meta_crc = crc32c(crc32c(directory), redo.data(), redo.size());
  for (const std::string_view blob : blobs) {
    header.data_size += blob.size();
  }
  if (directory.size() > UINT32_MAX) {
    throw Error(HILUM_E_DATABASE, "a commit group with a directory over 4 GiB");
  }
  const uint64_t size = kGroupHeaderSize + header.meta_size + header.data_size;
  make_room(size);

  const std::string front = encode(header, salt_);
  std::vector<iovec> pieces{piece(front), piece(directory), piece(redo)};
  pieces.reserve(3 + blobs.size());
  for (const std::string_view blob : blobs) {
    pieces.push_back(piece(blob));
  }
  const uint64_t start = end_;
  try {
    write_pieces(files_, fd_.get(), pieces.data(), pieces.size(), start, folder_.path_of(segment_));
    if (options_.durable && files_.fdatasync(fd_.get()) != 0) {
      fail_write(folder_.path_of(segment_));
    }
  } catch (...) {
    give_up_tail(start);
    throw;
  }
  group_before_ = last_group_;
  end_before_ = start;
  last_group_ = number;
  end_ = start + size;
  zeros_end_ = std::max(zeros_end_, end_);
  return {segment_, start, start + kGroupHeaderSize + header.meta_size};
}

void SegmentLog::give_up_tail(uint64_t end) {
  // After a failed flush nobody knows what is on the disk (the kernel reports it once): this segment is not
  // written any more, and the header of the next one says where it ends.
  end_ = end;
  if (files_.ftruncate(fd_.get(), static_cast<off_t>(end)) != 0) {
    log_error(LogCategory::kIndex, "cannot cut the end of {} after a failed write",
              folder_.path_of(segment_));
  }
  fd_.reset();
}

void SegmentLog::abandon_last() {
  last_group_ = group_before_;
  give_up_tail(end_before_);
}

}  // namespace hilum::storage
