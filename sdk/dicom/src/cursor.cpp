#include "cursor.h"

#include <hilum/cpp/error.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace hilum::dicom {
namespace {
constexpr size_t kFirstRead = 16384;  // most headers fit
constexpr size_t kLaterRead = 4096;   // after a jump: the next headers only
constexpr size_t kInflateWindow = 65536;
}  // namespace

Cursor::Cursor(const ByteSource& source, bool deflated, uint64_t inflated_limit)
    : source_(source), deflated_(deflated), inflated_limit_(inflated_limit), read_ahead_(kFirstRead) {
  if (deflated_) {
    inflater_ = std::make_unique<z_stream_s>();
    if (inflateInit2(inflater_.get(), -MAX_WBITS) != Z_OK)
      throw Error(HILUM_E_NO_MEMORY, "cannot start zlib");
    buffer_.resize(kInflateWindow);
    window_ = next_ = window_end_ = buffer_.data();
  } else if (source_.memory() != nullptr) {
    window_ = next_ = source_.memory();
    window_end_ = window_ + source_.size();
  }
}

Cursor::~Cursor() {
  if (inflater_) inflateEnd(inflater_.get());
}

// Called when the window is used up: drops what has been read and fetches more behind the rest.
const uint8_t* Cursor::refill(size_t count) {
  if (deflated_) {
    while (static_cast<size_t>(window_end_ - next_) < count)
      if (!inflate_more()) return nullptr;
    return next_;
  }
  if (source_.memory() != nullptr || remaining() < count) return nullptr;
  const uint64_t from = position();
  if (buffer_.size() < read_ahead_) buffer_.resize(read_ahead_);
  const size_t got = source_.read(from, buffer_.data(), read_ahead_);
  window_ = next_ = buffer_.data();
  window_end_ = window_ + got;
  window_position_ = from;
  return got >= count ? next_ : nullptr;
}

bool Cursor::inflate_more() {
  if (inflated_all_) return false;
  const size_t kept = static_cast<size_t>(window_end_ - next_);
  window_position_ += static_cast<uint64_t>(next_ - window_);
  if (kept > 0) std::memmove(buffer_.data(), next_, kept);
  window_ = next_ = buffer_.data();
  window_end_ = window_ + kept;
  z_stream_s& z = *inflater_;
  z.next_out = buffer_.data() + kept;
  z.avail_out = static_cast<uInt>(buffer_.size() - kept);
  const uInt wanted = z.avail_out;
  while (z.avail_out == wanted) {
    if (z.avail_in == 0) {
      compressed_.resize(kFirstRead);
      const size_t got = source_.read(compressed_position_, compressed_.data(), compressed_.size());
      if (got == 0) return false;
      compressed_position_ += got;
      z.next_in = compressed_.data();
      z.avail_in = static_cast<uInt>(got);
    }
    const int result = inflate(&z, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      inflated_all_ = true;
      break;
    }
    if (result != Z_OK) return false;
  }
  window_end_ += wanted - z.avail_out;
  if (window_position_ + static_cast<uint64_t>(window_end_ - window_) > inflated_limit_)
    throw Error(HILUM_E_BAD_FORMAT, "deflated DICOM data set: it inflates to more than " +
                                        std::to_string(inflated_limit_) + " bytes");
  return wanted != z.avail_out;
}

size_t Cursor::read(void* to, size_t count) {
  size_t done = 0;
  while (done < count && !at_end()) {
    const size_t piece = std::min(count - done, static_cast<size_t>(window_end_ - next_));
    std::memcpy(static_cast<char*>(to) + done, next_, piece);
    next_ += piece;
    done += piece;
  }
  return done;
}

bool Cursor::drain(std::string& out) {
  if (at_end()) return false;
  out.append(reinterpret_cast<const char*>(next_), static_cast<size_t>(window_end_ - next_));
  next_ = window_end_;
  return true;
}

bool Cursor::skip(uint64_t count) {
  if (deflated_) {
    while (count > static_cast<uint64_t>(window_end_ - next_)) {
      count -= static_cast<uint64_t>(window_end_ - next_);
      next_ = window_end_;
      if (!inflate_more()) return false;
    }
    next_ += count;
    return true;
  }
  if (count > remaining()) return false;
  if (count <= static_cast<uint64_t>(window_end_ - next_)) {
    next_ += count;
    return true;
  }
  // A jump in a file: the window starts anew there.
  window_position_ = position() + count;
  window_ = next_ = window_end_ = nullptr;
  read_ahead_ = kLaterRead;
  return true;
}

}  // namespace hilum::dicom
