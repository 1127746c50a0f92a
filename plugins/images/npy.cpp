#include "npy.h"

#include <archive.h>
#include <archive_entry.h>
#include <hilum/cpp/error.h>

#include <algorithm>
#include <exception>

namespace hilum::images {

namespace {

constexpr const char* kType = "application/octet-stream";
// What goes out at once.
constexpr size_t kPiece = 1u << 20;

}  // namespace

std::string npy_header(std::string_view dtype, const std::vector<uint64_t>& shape) {
  constexpr size_t kPrefix = 10;  // magic, version and the length of what follows
  constexpr size_t kAlignment = 64;
  std::string text = "{'descr': '" + std::string(dtype) + "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool after_frames = i == 1 && shape.size() == 4;
    text += (i == 0 ? "" : after_frames ? ", " : ",") + std::to_string(shape[i]);
  }
  text += "), }";
  text.append(kAlignment - 1 - (kPrefix + text.size()) % kAlignment, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

// libarchive's writer, whose output goes to the client. No exception may cross it: what the client's connection throws
// is kept and thrown behind it.
class NpyAnswer::Archive {
 public:
  explicit Archive(Answer& answer) : answer_(answer), archive_(archive_write_new(), archive_write_free) {
    if (!archive_) throw Error(HILUM_E_NO_MEMORY);
    check(archive_write_set_format_zip(get()));
    check(archive_write_set_format_option(get(), "zip", "compression-level", "1"));
    check(archive_write_set_bytes_per_block(get(), static_cast<int>(kPiece)));
    check(archive_write_set_bytes_in_last_block(get(), 1));
    check(archive_write_open(get(), this, nullptr, &Archive::send, nullptr));
  }

  void begin_member(const char* name, uint64_t size) {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                         archive_entry_free);
    if (!entry) throw Error(HILUM_E_NO_MEMORY);
    archive_entry_set_pathname(entry.get(), name);
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    check(archive_write_header(get(), entry.get()));
  }
  void write(std::string_view bytes) {
    if (archive_write_data(get(), bytes.data(), bytes.size()) < 0) check(ARCHIVE_FATAL);
  }
  void close() { check(archive_write_close(get())); }

 private:
  archive* get() const { return archive_.get(); }
  void check(int status) {
    if (failure_) std::rethrow_exception(failure_);
    if (status >= ARCHIVE_WARN) return;
    const char* reason = archive_error_string(get());
    throw Error(HILUM_E_INTERNAL,
                std::string("no archive can be made: ") + (reason != nullptr ? reason : ""));
  }
  static la_ssize_t send(archive*, void* context, const void* bytes, size_t size) {
    auto* self = static_cast<Archive*>(context);
    if (self->failure_) return -1;
    try {
      self->answer_.write({static_cast<const char*>(bytes), size});
      return static_cast<la_ssize_t>(size);
    } catch (...) {
      self->failure_ = std::current_exception();
      return -1;
    }
  }

  Answer& answer_;
  std::exception_ptr failure_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;  // frees itself first, through send
};

NpyAnswer::NpyAnswer(Answer& answer, uint64_t size, bool compress) : answer_(answer), size_(size) {
  if (compress) archive_ = std::make_unique<Archive>(answer);
}

NpyAnswer::~NpyAnswer() = default;

void NpyAnswer::write(std::string_view bytes) {
  if (!has_begun_) {
    has_begun_ = true;
    if (archive_) {
      answer_.begin(kType);
      archive_->begin_member("arr_0", size_);
    } else {
      answer_.begin(kType, size_);
    }
  }
  if (archive_) return archive_->write(bytes);
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPiece);
    answer_.write(piece);
    bytes.remove_prefix(piece.size());
  }
}

void NpyAnswer::finish() {
  if (archive_) archive_->close();
  answer_.end();
}

}  // namespace hilum::images
