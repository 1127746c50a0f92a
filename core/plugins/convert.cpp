#include "core/plugins/convert.h"

#include <openssl/evp.h>

#include <array>
#include <chrono>

#include "core/base/files.h"
#include "core/base/uuid.h"

namespace hilum::plugins {

dicom::PublicId public_id(hilum_text text) {
  const std::optional<dicom::PublicId> id = dicom::PublicId::parse(to_view(text));
  if (!id) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE);
  }
  return *id;
}

std::optional<index::Level> level_of(uint32_t level) {
  if (level == 0) {
    return std::nullopt;
  }
  if (level > HILUM_INSTANCE) {
    throw Error(HILUM_E_OUT_OF_RANGE, "there is no level " + std::to_string(level));
  }
  return static_cast<index::Level>(level);
}

std::string hex(const uint8_t* bytes, size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * size);
  for (size_t i = 0; i < size; ++i) {
    text.push_back(kDigits[bytes[i] >> 4]);
    text.push_back(kDigits[bytes[i] & 15]);
  }
  return text;
}

std::string md5_hex(std::string_view bytes) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr) != 1) {
    throw Error(HILUM_E_INTERNAL, "the cryptographic library offers no MD5");
  }
  return hex(digest.data(), size);
}

void copy_id(char (&to)[44], const dicom::PublicId& id) { std::memcpy(to, id.to_string().data(), sizeof to); }

ingest::Origin origin_of(const hilum_origin* given) {
  ingest::Origin origin;
  origin.kind = ingest::OriginKind::kPlugins;
  if (given) {
    const hilum_origin from = read_struct(given, "origin");
    if (from.kind < HILUM_ORIGIN_UNKNOWN || from.kind > HILUM_ORIGIN_WEBDAV) {
      throw Error(HILUM_E_OUT_OF_RANGE, "there is no kind of origins " + std::to_string(from.kind));
    }
    origin.kind = static_cast<ingest::OriginKind>(from.kind);
    origin.remote_aet = std::string(to_view(from.remote_aet));
    origin.called_aet = std::string(to_view(from.called_aet));
    origin.remote_ip = std::string(to_view(from.remote_ip));
    origin.user = std::string(to_view(from.user));
  }
  return origin;
}

ingest::Bytes bytes_of(const void* dicom, uint64_t size) {
  ingest::Bytes bytes;
  if (size > 0) {
    bytes.memory.assign(&required(static_cast<const char*>(dicom), "dicom"), static_cast<size_t>(size));
  }
  bytes.size = size;
  return bytes;
}

hilum_stored to_stored(const ingest::Stored& stored) {
  hilum_stored result{};
  result.size = sizeof result;
  result.result = static_cast<uint32_t>(stored.outcome);
  copy_id(result.instance, stored.instance);
  copy_id(result.series, stored.series);
  copy_id(result.study, stored.study);
  copy_id(result.patient, stored.patient);
  return result;
}

int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

AttachmentTexts::AttachmentTexts(const index::Attachment& attachment)
    : attachment_(attachment), uuid_(Uuid(attachment.uuid).text()) {
  if (attachment.content_md5) {
    content_md5_ = hex(attachment.content_md5->data(), attachment.content_md5->size());
  }
  if (attachment.stored_md5) {
    stored_md5_ = hex(attachment.stored_md5->data(), attachment.stored_md5->size());
  } else if (!attachment.compressed) {
    stored_md5_ = content_md5_;
  }
}

hilum_attachment AttachmentTexts::fill() const {
  hilum_attachment result{};
  result.size = sizeof result;
  result.type = attachment_.type;
  result.content_size = attachment_.content_size;
  result.stored_size = attachment_.stored_size;
  result.revision = attachment_.revision;
  result.compressed = attachment_.compressed ? 1 : 0;
  result.uuid = to_text(uuid_);
  result.content_md5 = to_text(content_md5_);
  result.stored_md5 = to_text(stored_md5_);
  return result;
}

OwnedBytes::~OwnedBytes() { const UniqueFd closer(bytes.fd); }

void write_sink(Plugin& plugin, hilum_sink sink, std::string_view bytes) {
  if (!sink.write) {
    throw Error(HILUM_E_NULL_POINTER, "the sink has no function write");
  }
  const int32_t status =
      plugin.inside("a sink", [&] { return sink.write(sink.context, bytes.data(), bytes.size()); });
  if (status != HILUM_OK) {
    throw error_of_status(status);
  }
}

}  // namespace hilum::plugins
