#include "zip_writer.h"

#include <hilum/cpp/error.h>
#include <minizip/zip.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace hilum::archives {

namespace {

constexpr size_t kPiece = 128 * 1024;  // goes to the output at once
// From this size on an entry gets the extra field of ZIP64; a compressor may make it a little larger than it was.
constexpr uint64_t kLarge = 0xff000000;
constexpr unsigned long kDescriptorFlag = 1u << 3;
constexpr unsigned long kUtf8Flag = 1u << 11;
// minizip puts the level into the flags; this one leaves them as they are.
constexpr int kNoLevel = 6;
constexpr char kComment[] = "Created by Hilum";

zip_fileinfo now() {
  zip_fileinfo info{};
  const std::time_t seconds = std::time(nullptr);
  std::tm local{};
  localtime_r(&seconds, &local);
  info.tmz_date.tm_sec = static_cast<uInt>(std::min(local.tm_sec, 59));
  info.tmz_date.tm_min = static_cast<uInt>(local.tm_min);
  info.tmz_date.tm_hour = static_cast<uInt>(local.tm_hour);
  info.tmz_date.tm_mday = static_cast<uInt>(local.tm_mday);
  info.tmz_date.tm_mon = static_cast<uInt>(local.tm_mon);
  info.tmz_date.tm_year = static_cast<uInt>(local.tm_year + 1900);
  return info;
}

std::string little_endian(uint64_t value, size_t width) {
  std::string bytes;
  for (size_t i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

}  // namespace

// What minizip takes for a file. No exception may pass through it.
struct ZipWriter::Callbacks {
  static voidpf open(voidpf self, const void*, int) { return self; }
  static uLong read(voidpf, voidpf, void*, uLong) { return 0; }
  static uLong write(voidpf self, voidpf, const void* data, uLong size) {
    auto* writer = static_cast<ZipWriter*>(self);
    try {
      const std::string_view bytes(static_cast<const char*>(data), size);
      if (writer->finishing_) writer->before_end_record(bytes);
      writer->put(writer->position_, bytes);
      writer->position_ += size;
      if (writer->finishing_ && writer->pending_.size() >= kPiece) writer->flush();
      return size;
    } catch (...) {
      writer->failure_ = std::current_exception();
      return 0;
    }
  }
  static ZPOS64_T tell(voidpf self, voidpf) { return static_cast<ZipWriter*>(self)->position_; }
  static long seek(voidpf self, voidpf, ZPOS64_T offset, int origin) {
    auto* writer = static_cast<ZipWriter*>(self);
    const uint64_t from = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
                          : origin == ZLIB_FILEFUNC_SEEK_CUR ? writer->position_
                                                             : writer->size();
    writer->position_ = from + offset;
    return 0;
  }
  static int close(voidpf, voidpf) { return 0; }
  static int error(voidpf self, voidpf) { return static_cast<ZipWriter*>(self)->failure_ ? 1 : 0; }
};

ZipWriter::ZipWriter(Output output, bool utf8) : output_(std::move(output)), utf8_(utf8) {
  zlib_filefunc64_def file{&Callbacks::open, &Callbacks::read,  &Callbacks::write, &Callbacks::tell,
                           &Callbacks::seek, &Callbacks::close, &Callbacks::error, this};
  zip_ = zipOpen2_64("archive", APPEND_STATUS_CREATE, nullptr, &file);
  if (!zip_) throw Error(HILUM_E_NO_MEMORY, "minizip");
}

ZipWriter::~ZipWriter() {
  if (!zip_) return;
  // The only way to give its memory back. Nobody hears what it writes.
  output_ = [](std::string_view) {};
  finishing_ = true;
  zipClose(zip_, nullptr);
}

void ZipWriter::check(int status) const {
  if (failure_) std::rethrow_exception(failure_);
  if (status != ZIP_OK) throw Error(HILUM_E_INTERNAL, "minizip: " + std::to_string(status));
}

// What lies before what was sent is there already, see open_entry and close_entry.
void ZipWriter::put(uint64_t position, std::string_view bytes) {
  if (position < sent_) return;
  const size_t at = static_cast<size_t>(position - sent_);
  if (pending_.size() < at + bytes.size()) pending_.resize(at + bytes.size());
  std::copy(bytes.begin(), bytes.end(), pending_.begin() + static_cast<std::ptrdiff_t>(at));
}

void ZipWriter::patch(size_t at, uint64_t value, size_t width) {
  const std::string bytes = little_endian(value, width);
  std::copy(bytes.begin(), bytes.end(), pending_.begin() + static_cast<std::ptrdiff_t>(at));
}

void ZipWriter::open_entry(const std::string& name, Method method, bool descriptor, bool large) {
  large_ = large;
  written_ = 0;
  ++entries_;
  const zip_fileinfo info = now();
  const unsigned long flags = (descriptor ? kDescriptorFlag : 0) | (utf8_ ? kUtf8Flag : 0);
  check(zipOpenNewFileInZip4_64(zip_, name.c_str(), &info, nullptr, 0, nullptr, 0, nullptr,
                                method == Method::kDeflated ? Z_DEFLATED : 0, kNoLevel, 1, -MAX_WBITS,
                                DEF_MEM_LEVEL, Z_DEFAULT_STRATEGY, nullptr, 0, 0, flags, large ? 1 : 0));
}

void ZipWriter::begin(const std::string& name, Method method, const Sizes& sizes) {
  const size_t header = pending_.size();
  sizes_ = sizes;
  open_entry(name, method, false, sizes.content >= kLarge || sizes.stored >= kLarge);
  // The local file header (APPNOTE 4.3.7), and the extra field of ZIP64 (4.5.3).
  patch(header + 14, sizes.crc, 4);
  if (large_) {
    const size_t extra = header + 30 + name.size() + 4;
    patch(extra, sizes.content, 8);
    patch(extra + 8, sizes.stored, 8);
  } else {
    patch(header + 18, sizes.stored, 4);
    patch(header + 22, sizes.content, 4);
  }
}

void ZipWriter::begin_unknown(const std::string& name, uint64_t at_most) {
  open_entry(name, Method::kDeflated, true, at_most >= kLarge);
  flush();
}

void ZipWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, 1u << 30);
    check(zipWriteInFileInZip(zip_, piece.data(), static_cast<unsigned>(piece.size())));
    bytes.remove_prefix(piece.size());
    written_ += piece.size();
    if (pending_.size() >= kPiece) flush();
  }
}

// minizip 1.1 forgets the record of ZIP64 when only the number of entries needs it (APPNOTE 4.3.14, 4.3.15). It writes
// signatures by themselves, and 0xffff in the end record.
void ZipWriter::before_end_record(std::string_view bytes) {
  if (bytes == little_endian(0x06064b50, 4)) has_zip64_record_ = true;
  if (bytes != little_endian(0x06054b50, 4) || entries_ < 0xffff || has_zip64_record_) return;
  const uint64_t at = position_;
  const std::string records =
      little_endian(0x06064b50, 4) + little_endian(44, 8) + little_endian(45, 2) + little_endian(45, 2) +
      little_endian(0, 8) + little_endian(entries_, 8) + little_endian(entries_, 8) +
      little_endian(at - directory_, 8) + little_endian(directory_, 8) +  // the record; now its locator
      little_endian(0x07064b50, 4) + little_endian(0, 4) + little_endian(at, 8) + little_endian(1, 4);
  put(position_, records);
  position_ += records.size();
}

void ZipWriter::close_entry(uint64_t content, uint32_t crc) {
  check(zipCloseFileInZipRaw64(zip_, content, crc));
  if (pending_.size() >= kPiece) flush();
}

void ZipWriter::end() {
  if (written_ != sizes_.stored) throw Error(HILUM_E_INTERNAL, "a ZIP entry of another size than announced");
  close_entry(sizes_.content, sizes_.crc);
}

void ZipWriter::end(uint64_t content, uint32_t crc) {
  // What minizip still holds of the entry must be sent before it goes back to the header, so that it finds that sent.
  close_entry(content, crc);
  const size_t width = large_ ? 8 : 4;
  const std::string descriptor = little_endian(0x08074b50, 4) + little_endian(crc, 4) +
                                 little_endian(written_, width) + little_endian(content, width);
  put(position_, descriptor);
  position_ += descriptor.size();
}

void ZipWriter::flush() {
  if (pending_.empty()) return;
  output_(pending_);
  sent_ += pending_.size();
  pending_.clear();
}

void ZipWriter::finish() {
  finishing_ = true;
  directory_ = size();
  const int status = zipClose(std::exchange(zip_, nullptr), kComment);
  check(status);
  flush();
}

}  // namespace hilum::archives
