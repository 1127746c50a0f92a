#include "core/ingest/zip_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <hilum/cpp/error.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "core/base/temporary_file.h"
#include "core/ingest/content.h"

namespace hilum::ingest {
namespace {

constexpr size_t kInMemory = 1 << 20;
constexpr size_t kPiece = 256 * 1024;

// Feeds libarchive from a byte source, with seeking: the central directory is at the end.
struct Feed {
  const dicom::ByteSource& source;
  uint64_t at = 0;
  std::string buffer = std::string(kPiece, '\0');
};

la_ssize_t feed_read(archive* handle, void* data, const void** out) {
  auto& feed = *static_cast<Feed*>(data);
  try {
    const size_t got = feed.source.read(feed.at, feed.buffer.data(), feed.buffer.size());
    feed.at += got;
    *out = feed.buffer.data();
    return static_cast<la_ssize_t>(got);
  } catch (const std::exception& error) {
    archive_set_error(handle, EIO, "%s", error.what());
    return -1;
  }
}

la_int64_t feed_skip(archive* /*handle*/, void* data, la_int64_t count) {
  auto& feed = *static_cast<Feed*>(data);
  const uint64_t left = feed.source.size() - std::min(feed.at, feed.source.size());
  const uint64_t some = std::min<uint64_t>(left, count > 0 ? static_cast<uint64_t>(count) : 0);
  feed.at += some;
  return static_cast<la_int64_t>(some);
}

la_int64_t feed_seek(archive* /*handle*/, void* data, la_int64_t offset, int whence) {
  auto& feed = *static_cast<Feed*>(data);
  const auto size = static_cast<la_int64_t>(feed.source.size());
  const la_int64_t base = whence == SEEK_SET   ? 0
                          : whence == SEEK_CUR ? static_cast<la_int64_t>(feed.at)
                                               : size;
  const la_int64_t target = base + offset;
  if (target < 0 || target > size) {
    return ARCHIVE_FATAL;
  }
  feed.at = static_cast<uint64_t>(target);
  return target;
}

[[noreturn]] void fail(archive* handle) {
  const char* reason = archive_error_string(handle);
  throw Error(HILUM_E_BAD_FORMAT,
              std::string("Cannot open ZIP archive: ") + (reason != nullptr ? reason : "it is damaged"));
}

// The content of the present entry.
Bytes read_entry(archive* handle, uint64_t limit, const std::string& spool_folder) {
  Bytes bytes;
  UniqueFd fd;
  for (uint64_t size = 0;;) {
    const void* block = nullptr;
    size_t length = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(handle, &block, &length, &offset);
    if (result == ARCHIVE_EOF) {
      break;
    }
    if (result != ARCHIVE_OK) {
      fail(handle);
    }
    size += length;
    if (size > limit) {
      throw Error(HILUM_E_BAD_FORMAT, "a file of the ZIP archive unpacks to more than " +
                                          std::to_string(limit) + " bytes (MaximumFileSizeInArchiveMB)");
    }
    const std::string_view piece(static_cast<const char*>(block), length);
    if (!fd && size <= kInMemory) {
      bytes.memory.append(piece);
      continue;
    }
    if (!fd) {
      fd = make_temporary_file(spool_folder);
      write_all(fd.get(), bytes.memory, "spool file");
      bytes.memory = std::string();
    }
    write_all(fd.get(), piece, "spool file");
    bytes.size = size;
  }
  bytes.fd = fd.release();
  return bytes;
}

}  // namespace

bool is_zip(const dicom::ByteSource& source) { return source.copy(0, 4) == "PK\x03\x04"; }

void for_each_zip_entry(const dicom::ByteSource& source, uint64_t entry_limit,
                        const std::string& spool_folder,
                        const std::function<void(const std::string& name, Bytes&& content)>& on_file) {
  Feed feed{source};
  const std::unique_ptr<archive, int (*)(archive*)> handle(archive_read_new(), archive_read_free);
  if (!handle || archive_read_support_format_zip(handle.get()) != ARCHIVE_OK) {
    throw Error(HILUM_E_NO_MEMORY, "the ZIP reader cannot be made");
  }
  archive_read_set_callback_data(handle.get(), &feed);
  archive_read_set_read_callback(handle.get(), feed_read);
  archive_read_set_skip_callback(handle.get(), feed_skip);
  archive_read_set_seek_callback(handle.get(), feed_seek);
  if (archive_read_open1(handle.get()) != ARCHIVE_OK) {
    fail(handle.get());
  }
  for (;;) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(handle.get(), &entry);
    if (result == ARCHIVE_EOF) {
      return;
    }
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
      fail(handle.get());
    }
    if (archive_entry_is_encrypted(entry) != 0) {
      throw Error(HILUM_E_BAD_FORMAT, "the ZIP archive is encrypted");
    }
    if (archive_entry_filetype(entry) != AE_IFREG) {
      continue;
    }
    const char* name = archive_entry_pathname(entry);
    OwnedBytes content(read_entry(handle.get(), entry_limit, spool_folder));
    if (size_of(content.view()) > 0) {
      on_file(name != nullptr ? name : "", content.release());
    }
  }
}

}  // namespace hilum::ingest
