// Small conversions between the C ABI and the core.
#pragma once

#include <hilum/abi.h>
#include <hilum/attachments.h>
#include <hilum/cpp/host.h>
#include <hilum/index.h>
#include <hilum/ingest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/index/types.h"
#include "core/ingest/ingest.h"
#include "core/plugins/plugin.h"

namespace hilum::plugins {

// A struct of the ABI as its writer has filled it; what an older writer does not know is zero. Throws
// HILUM_E_NULL_POINTER, or HILUM_E_OUT_OF_RANGE for a size that no version has had.
template <typename T>
T read_struct(const T* from, const char* name) {
  const uint32_t size = required(from, name).size;
  if (size < sizeof(uint32_t) || size > 65536) {
    throw Error(HILUM_E_OUT_OF_RANGE,
                std::string("the member size of ") + name + " is " + std::to_string(size));
  }
  T value{};
  std::memcpy(&value, from, std::min<size_t>(size, sizeof value));
  return value;
}

// Fills a struct whose reader has set its size.
template <typename T>
void write_struct(T* to, T value, const char* name) {
  const uint32_t size = required(to, name).size;
  if (size < sizeof(uint32_t)) {
    throw Error(HILUM_E_OUT_OF_RANGE, std::string("the member size of ") + name + " is not set");
  }
  value.size = static_cast<uint32_t>(std::min<size_t>(size, sizeof value));
  std::memcpy(to, &value, value.size);
}

// Throws HILUM_E_UNKNOWN_RESOURCE for what is no public id.
dicom::PublicId public_id(hilum_text text);
// Level of the ABI; 0 gives nothing. Throws HILUM_E_OUT_OF_RANGE for others.
std::optional<index::Level> level_of(uint32_t level);
std::string hex(const uint8_t* bytes, size_t size);
// MD5 in lower hexadecimal digits (RFC 1321).
std::string md5_hex(std::string_view bytes);
// Who sent an instance; without `given`, a plugin.
ingest::Origin origin_of(const hilum_origin* given);
// A copy of a block of the caller.
ingest::Bytes bytes_of(const void* dicom, uint64_t size);
hilum_stored to_stored(const ingest::Stored& stored);
// Copies the 44 characters of an id, without a terminating NUL.
void copy_id(char (&to)[44], const dicom::PublicId& id);
int64_t now_ms();

// An attachment with its texts, to be handed out as hilum_attachment.
class AttachmentTexts {
 public:
  explicit AttachmentTexts(const index::Attachment& attachment);
  hilum_attachment fill() const;  // the texts live as long as this object

 private:
  index::Attachment attachment_;
  std::string uuid_, content_md5_, stored_md5_;
};

// Bytes on their way into the ingest: closes the file of those that nobody has taken over.
class OwnedBytes {
 public:
  explicit OwnedBytes(ingest::Bytes given) : bytes(std::move(given)) {}
  ~OwnedBytes();
  OwnedBytes(const OwnedBytes&) = delete;
  OwnedBytes& operator=(const OwnedBytes&) = delete;

  ingest::Bytes bytes;
};

// Writes to a sink of a plugin. Throws the status with which the sink stops.
void write_sink(Plugin& plugin, hilum_sink sink, std::string_view bytes);

}  // namespace hilum::plugins
