#include "core/ingest/blob_inflater.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <limits>

namespace hilum::ingest {

BlobInflater::BlobInflater(const storage::BlobReader& blob) : blob_(blob) {
  if (inflateInit(&stream_) != Z_OK) {
    throw Error(HILUM_E_NO_MEMORY, "unpacking needs more memory");
  }
}

BlobInflater::~BlobInflater() { inflateEnd(&stream_); }

size_t BlobInflater::read(char* buffer, size_t capacity) {
  size_t made = 0;
  while (made < capacity && !ended_) {
    made += step(buffer + made, capacity - made);
  }
  return made;
}

size_t BlobInflater::step(char* buffer, size_t capacity) {
  if (stream_.avail_in == 0) {
    const size_t got = blob_.read(offset_, input_.data(), input_.size());
    offset_ += got;
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<uInt>(got);
  }
  const auto room = static_cast<uInt>(std::min<size_t>(capacity, std::numeric_limits<uInt>::max()));
  stream_.next_out = reinterpret_cast<Bytef*>(buffer);
  stream_.avail_out = room;
  const int result = inflate(&stream_, Z_NO_FLUSH);  // Z_BUF_ERROR: the blob has no more bytes
  if (result != Z_OK && result != Z_STREAM_END) {
    throw Error(HILUM_E_CORRUPTED, "a compressed attachment cannot be unpacked");
  }
  ended_ = result == Z_STREAM_END;
  return room - stream_.avail_out;
}

}  // namespace hilum::ingest
