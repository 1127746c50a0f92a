// hilum.attachments/1
#include <hilum/attachments.h>

#include <array>
#include <limits>

#include "core/http/body.h"
#include "core/plugins/handles.h"
#include "core/plugins/index_service.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

bool is_user_type(int32_t type) {
  return type >= HILUM_ATTACHMENT_USER_FIRST && type <= HILUM_ATTACHMENT_USER_LAST;
}

const index::Attachment* find_attachment(const index::Resource& resource, int32_t type) {
  for (const index::Attachment& attachment : resource.attachments) {
    if (attachment.type == type) {
      return &attachment;
    }
  }
  return nullptr;
}

const index::Attachment& attachment_of(const index::Resource& resource, int32_t type) {
  const index::Attachment* found = find_attachment(resource, type);
  if (!found) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE, "no attachment of type " + std::to_string(type));
  }
  return *found;
}

std::string md5_of(const index::Attachment& attachment) {
  return attachment.content_md5 ? hex(attachment.content_md5->data(), attachment.content_md5->size())
                                : std::string();
}

// --- reading ---

// The attachment as the resource knows it; if that has been replaced since, as it is now.
std::pair<index::Attachment, std::shared_ptr<const storage::BlobReader>> open_newest(
    const ingest::Ingest& ingest, const index::Resource& resource, int32_t type) {
  index::Attachment attachment = attachment_of(resource, type);
  constexpr int kAttempts = 5;  // replaced again and again: then it may seem to be gone
  for (int attempt = 1;; ++attempt) {
    try {
      return {attachment, ingest.open(attachment)};
    } catch (const Error& error) {
      if (error.code() != HILUM_E_UNKNOWN_RESOURCE || attempt == kAttempts) {
        throw;
      }
    }
    const std::optional<index::Resource> now = ingest.snapshot().find(resource.public_id);
    if (!now) {
      throw Error(HILUM_E_UNKNOWN_RESOURCE);
    }
    attachment = attachment_of(*now, type);
  }
}

int32_t open(const hilum_host* host, const hilum_resource* resource, int32_t type, hilum_blob** out) {
  return guarded("hilum.attachments/1 open", [&] {
    const index::Resource& found = required(resource, "resource").resource;
    auto [attachment, blob] = open_newest(plugin_of(host).services().ingest, found, type);
    required(out, "out") = new hilum_blob(std::move(blob), attachment);
  });
}

int32_t open_stored(const hilum_host* host, const hilum_resource* resource, int32_t type, hilum_blob** out) {
  return guarded("hilum.attachments/1 open_stored", [&] {
    const index::Resource& found = required(resource, "resource").resource;
    auto [attachment, blob] = open_newest(plugin_of(host).services().ingest, found, type);
    attachment.compressed = false;
    attachment.content_size = attachment.stored_size;
    attachment.content_md5 = attachment.stored_md5;
    required(out, "out") = new hilum_blob(std::move(blob), attachment);
  });
}

void close(hilum_blob* blob) { delete blob; }

void info(const hilum_blob* blob, hilum_attachment* out) {
  guarded("hilum.attachments/1 info", [&] { write_struct(out, blob->texts.fill(), "out"); });
}

int64_t read(hilum_blob* blob, uint64_t offset, void* buffer, uint64_t capacity) {
  return guarded_read("hilum.attachments/1 read",
                      [&] { return blob->content.read(offset, buffer, capacity); });
}

int64_t read_stored(hilum_blob* blob, uint64_t offset, void* buffer, uint64_t capacity) {
  return guarded_read("hilum.attachments/1 read_stored",
                      [&] { return blob->content.blob()->read(offset, buffer, capacity); });
}

// --- writing ---

// Collects bytes of unknown number: in memory as long as they are few, else in a file that may become the
// blob.
class Collector {
 public:
  explicit Collector(const ingest::Ingest& ingest) : writer_(limits_) {
    limits_.spool_directory = ingest.spool_directory();
  }
  void append(std::string_view bytes) { writer_.append(bytes); }
  ingest::Bytes finish() {
    http::Body body = writer_.finish();
    ingest::Bytes bytes;
    bytes.size = body.size();
    if (body.in_memory()) {
      bytes.memory = body.take_text(std::numeric_limits<size_t>::max());
    } else {
      bytes.fd = body.take_spool_fd();
    }
    return bytes;
  }

 private:
  http::BodyLimits limits_;
  http::BodyWriter writer_;
};

ingest::Bytes read_source(Plugin& plugin, hilum_source source) {
  required(source.read, "content.read");
  Collector collector(plugin.services().ingest);
  std::array<char, 64 * 1024> piece;
  for (;;) {
    const int64_t count =
        plugin.inside("a source", [&] { return source.read(source.context, piece.data(), piece.size()); });
    if (count == 0) {
      return collector.finish();
    }
    if (count < 0 || static_cast<uint64_t>(count) > piece.size()) {
      const ThreadError& error = thread_error();
      throw error.code != HILUM_OK
          ? error_of_status(error.code)
          : Error(HILUM_E_PLUGIN, "plugin " + plugin.name() + ": the source of an attachment " + "answered " +
                                      std::to_string(count));
    }
    collector.append({piece.data(), static_cast<size_t>(count)});
  }
}

ingest::Bytes read_content(const ingest::Ingest& ingest, const index::Attachment& attachment) {
  ContentReader content(ingest.open(attachment), attachment);
  Collector collector(ingest);
  std::array<char, 64 * 1024> piece;
  for (uint64_t offset = 0;;) {
    const size_t count = content.read(offset, piece.data(), piece.size());
    if (count == 0) {
      return collector.finish();
    }
    collector.append({piece.data(), count});
    offset += count;
  }
}

// Refuses before anything has been read and stored; the committing thread asks again.
index::Resource present_resource(const ingest::Ingest& ingest, const index::PublicId& id) {
  std::optional<index::Resource> found = ingest.snapshot().find(id);
  if (!found) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE);
  }
  return std::move(*found);
}

int32_t put(const hilum_host* host, hilum_text resource_id, int32_t type, hilum_source content,
            const hilum_condition* condition, int64_t* revision) {
  return guarded("hilum.attachments/1 put", [&] {
    Plugin& plugin = plugin_of(host);
    ingest::Ingest& ingest = plugin.services().ingest;
    const index::PublicId id = public_id(resource_id);
    const Condition only_if(condition);
    if (!is_user_type(type)) {
      throw Error(HILUM_E_FORBIDDEN, "attachments of users have types from 1024 to 65535");
    }
    const index::Resource found = present_resource(ingest, id);
    OwnedBytes bytes(read_source(plugin, content));
    auto [attachment, blob] =
        ingest.stage_attachment(type, std::move(bytes.bytes), ingest.options().compression);
    ingest::Ingest::Change change;
    change.blobs.push_back(std::move(blob));
    change.owner = {found.level, found.public_id};
    index::Attachment& staged = attachment;  // a structured binding cannot be captured
    change.apply = [&](index::Transaction& transaction) {
      const index::Resource resource = resource_in(transaction, id);
      std::vector<index::BlobUuid> replaced;
      staged.revision = 0;
      if (const index::Attachment* present = find_attachment(resource, type)) {
        only_if.check(present->revision, md5_of(*present));
        staged.revision = present->revision + 1;
        replaced.push_back(present->uuid);
      }
      transaction.set_attachment(resource, staged, true);
      return replaced;
    };
    ingest.change(std::move(change));
    if (revision) {
      *revision = staged.revision;
    }
  });
}

int32_t remove(const hilum_host* host, hilum_text resource_id, int32_t type,
               const hilum_condition* condition) {
  return guarded("hilum.attachments/1 remove", [&] {
    const index::PublicId id = public_id(resource_id);
    const Condition only_if(condition);
    if (type == HILUM_ATTACHMENT_DICOM) {
      throw Error(HILUM_E_FORBIDDEN, "an instance keeps its DICOM file until it is deleted");
    }
    change(plugin_of(host), [&](index::Transaction& transaction) {
      const index::Resource resource = resource_in(transaction, id);
      const index::Attachment& present = attachment_of(resource, type);
      only_if.check(present.revision, md5_of(present));
      transaction.erase_attachment(resource, type);
      return std::vector<index::BlobUuid>{present.uuid};
    });
  });
}

// Stores the content anew; false if the attachment has been replaced meanwhile (on the last attempt: throws).
bool restore(ingest::Ingest& ingest, const index::Resource& found, const index::Attachment& old,
             bool compressed, bool is_last_attempt) {
  OwnedBytes bytes(read_content(ingest, old));
  auto [attachment, blob] = ingest.stage_attachment(old.type, std::move(bytes.bytes), compressed);
  ingest::Ingest::Change change;
  change.blobs.push_back(std::move(blob));
  change.owner = {found.level, found.public_id};
  index::Attachment& staged = attachment;
  staged.revision = old.revision;  // the content is the same
  bool is_replaced = false;
  change.apply = [&](index::Transaction& transaction) {
    const index::Resource resource = resource_in(transaction, found.public_id);
    is_replaced = attachment_of(resource, old.type).uuid != old.uuid;
    if (is_replaced) {
      throw Error(HILUM_E_BUSY, "the attachment is replaced again and again meanwhile");
    }
    transaction.set_attachment(resource, staged, false);
    return std::vector<index::BlobUuid>{old.uuid};
  };
  try {
    ingest.change(std::move(change));
  } catch (const Error&) {
    if (!is_replaced || is_last_attempt) {
      throw;
    }
  }
  return !is_replaced;
}

int32_t set_compressed(const hilum_host* host, hilum_text resource_id, int32_t type, int32_t compressed) {
  return guarded("hilum.attachments/1 set_compressed", [&] {
    ingest::Ingest& ingest = plugin_of(host).services().ingest;
    const index::PublicId id = public_id(resource_id);
    constexpr int kAttempts = 5;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const index::Resource resource = present_resource(ingest, id);
      const index::Attachment& old = attachment_of(resource, type);
      const bool is_last = attempt + 1 == kAttempts;
      try {
        if (old.compressed == (compressed != 0) || restore(ingest, resource, old, compressed != 0, is_last)) {
          return;
        }
      } catch (const Error& error) {
        if (error.code() != HILUM_E_UNKNOWN_RESOURCE || is_last) {
          throw;  // else it was deleted or replaced before it could be read
        }
      }
    }
  });
}

const hilum_attachments_v1 kTable = {&open, &close,  &info,           &read,       &read_stored,
                                     &put,  &remove, &set_compressed, &open_stored};

}  // namespace

const void* attachments_table() { return &kTable; }

}  // namespace hilum::plugins
