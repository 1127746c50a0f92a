// hilum.attachments/1 in C++.
#pragma once

#include <hilum/attachments.h>
#include <hilum/cpp/host.h>
#include <hilum/cpp/index.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <string>

namespace hilum {

// An attachment opened for reading. Movable; one thread at a time.
class Blob {
 public:
  Blob(Host host, const hilum_attachments_v1& table, hilum_blob* blob)
      : host_(host), table_(&table), blob_(blob, table.close) {}

  hilum_blob* get() const { return blob_.get(); }
  hilum_attachment info() const {
    hilum_attachment info{};
    info.size = sizeof info;
    table_->info(get(), &info);
    return info;
  }
  // Content from `offset`, shorter only at the end.
  size_t read(uint64_t offset, void* buffer, size_t capacity) const {
    int64_t count = table_->read(get(), offset, buffer, capacity);
    if (count < 0) throw host_.last_error(HILUM_E_CORRUPTED);
    return static_cast<size_t>(count);
  }
  std::string read(uint64_t offset, size_t size) const {
    std::string bytes(size, '\0');
    size_t filled = 0;
    while (filled < size) {
      size_t count = read(offset + filled, bytes.data() + filled, size - filled);
      if (count == 0) break;
      filled += count;
    }
    bytes.resize(filled);
    return bytes;
  }

 private:
  Host host_;
  const hilum_attachments_v1* table_;
  std::unique_ptr<hilum_blob, void (*)(hilum_blob*)> blob_;
};

// The attachments service. Copyable; usable from every thread.
class Attachments {
 public:
  explicit Attachments(Host host)
      : host_(host), table_(&host.service<hilum_attachments_v1>(HILUM_ATTACHMENTS_V1)) {}

  // Throws HILUM_E_UNKNOWN_RESOURCE if the resource has none of this type.
  Blob open(const Resource& resource, int32_t type = HILUM_ATTACHMENT_DICOM) const {
    hilum_blob* out = nullptr;
    host_.check(table_->open(host_.get(), resource.get(), type, &out));
    return Blob(host_, *table_, out);
  }
  // The stored form as the content of a blob.
  Blob open_stored(const Resource& resource, int32_t type = HILUM_ATTACHMENT_DICOM) const {
    hilum_blob* out = nullptr;
    host_.check(table_->open_stored(host_.get(), resource.get(), type, &out));
    return Blob(host_, *table_, out);
  }
  // Sets a user attachment from a source: size_t(void* buffer, size_t capacity), 0 at the end. Returns its
  // revision.
  template <typename Read>
  int64_t put_from(std::string_view resource_id, int32_t type, Read&& read,
                   const hilum_condition* condition = nullptr) const {
    struct Source {
      Read& read;
      std::exception_ptr error;
      static int64_t next(void* context, void* buffer, uint64_t capacity) {
        auto* self = static_cast<Source*>(context);
        try {
          return static_cast<int64_t>(self->read(buffer, static_cast<size_t>(capacity)));
        } catch (...) {
          self->error = std::current_exception();
          return -1;
        }
      }
    } source{read, {}};
    int64_t revision = 0;
    int32_t status =
        table_->put(host_.get(), to_text(resource_id), type, {&source, &Source::next}, condition, &revision);
    if (source.error) std::rethrow_exception(source.error);
    host_.check(status);
    return revision;
  }
  // Sets a user attachment from memory; returns its revision.
  int64_t put(std::string_view resource_id, int32_t type, std::string_view content,
              const hilum_condition* condition = nullptr) const {
    hilum_source source{&content, [](void* context, void* buffer, uint64_t capacity) -> int64_t {
                          auto& rest = *static_cast<std::string_view*>(context);
                          size_t count = std::min<size_t>(rest.size(), capacity);
                          std::copy_n(rest.data(), count, static_cast<char*>(buffer));
                          rest.remove_prefix(count);
                          return static_cast<int64_t>(count);
                        }};
    int64_t revision = 0;
    host_.check(table_->put(host_.get(), to_text(resource_id), type, source, condition, &revision));
    return revision;
  }
  void remove(std::string_view resource_id, int32_t type, const hilum_condition* condition = nullptr) const {
    host_.check(table_->remove(host_.get(), to_text(resource_id), type, condition));
  }
  void set_compressed(std::string_view resource_id, int32_t type, bool compressed) const {
    host_.check(table_->set_compressed(host_.get(), to_text(resource_id), type, compressed ? 1 : 0));
  }

 private:
  Host host_;
  const hilum_attachments_v1* table_;
};

}  // namespace hilum
