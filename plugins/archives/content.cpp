#include "content.h"

#include <hilum/dicom/transfer_syntax.h>
#include <hilum/rest/stored_file.h>

#include <new>
#include <stdexcept>
#include <utility>

#include "deflate.h"

namespace hilum::archives {

namespace {

using dicom::SpooledOutput;

// Compressed pixels and deflated data sets get no smaller.
bool is_compressible(std::string_view transfer_syntax) {
  const std::optional<dicom::TransferSyntax> syntax = dicom::find_transfer_syntax(transfer_syntax);
  return !syntax || (!syntax->encapsulated && !syntax->deflated);
}

class LargeBlob : public LargeFile {
 public:
  explicit LargeBlob(Blob blob) : blob_(std::move(blob)), size_(blob_.info().content_size) {}
  uint64_t size() const override { return size_; }
  size_t read(uint64_t offset, void* to, size_t count) override { return blob_.read(offset, to, count); }

 private:
  Blob blob_;
  uint64_t size_;
};

class LargeTranscoded : public LargeFile {
 public:
  explicit LargeTranscoded(std::unique_ptr<SpooledOutput> file) : file_(std::move(file)) {}
  uint64_t size() const override { return file_->size(); }
  size_t read(uint64_t offset, void* to, size_t count) override {
    return file_->source().read(offset, to, count);
  }

 private:
  std::unique_ptr<SpooledOutput> file_;
};

// The transcoded file, or nothing if that is not possible: the archive then has the file as it is.
std::unique_ptr<SpooledOutput> transcode(const ContentServices& services, const ContentOptions& options,
                                         rest::StoredFile& file, const std::string& from,
                                         const std::string& id) {
  if (options.transcode.empty() || from == options.transcode) return nullptr;
  if (!from.empty() && !services.transcoder.is_possible(from, options.transcode)) return nullptr;
  const auto keep = [&](const char* why) {
    services.log.info("archive: instance " + id + " stays as it is, it cannot be transcoded to " +
                      options.transcode + ": " + why);
    return nullptr;
  };
  auto out = std::make_unique<SpooledOutput>(services.rest.temporary_directory, kInMemory);
  try {
    services.transcoder.transcode(file.structure(), options.transcode, options.transcoding, *out);
    return out;
  } catch (const Error& error) {
    if (error.code() == HILUM_E_SYSTEM) throw;  // the disk, not the image
    return keep(error.what());
  } catch (const std::bad_alloc&) {
    return keep("it takes too much memory");
  } catch (const std::length_error&) {
    return keep("it takes too much memory");
  }
}

Deflater& deflater_of_thread(int level) {
  thread_local std::unique_ptr<Deflater> deflaters[kHighestLevel + 1];
  if (!deflaters[level]) deflaters[level] = std::make_unique<Deflater>(level);
  return *deflaters[level];
}

void set_bytes(Content& content, const ContentOptions& options, std::string bytes, bool compressible) {
  content.size = bytes.size();
  content.crc = crc32(0, bytes);
  if (compressible && options.level > 0 && deflater_of_thread(options.level).whole(bytes, content.bytes)) {
    content.method = Method::kDeflated;
    return;
  }
  content.method = Method::kStored;
  content.bytes = std::move(bytes);
}

std::string transfer_syntax_of(const Resource& instance) {
  std::string uid;
  instance.metadata([&](int32_t key, std::string_view value, int64_t) {
    if (key == HILUM_METADATA_TRANSFER_SYNTAX) uid = value;
  });
  return uid;
}

std::string read_whole(const Blob& blob, uint64_t size) {
  std::string bytes = blob.read(0, static_cast<size_t>(size));
  if (bytes.size() != size) throw Error(HILUM_E_CORRUPTED, "the stored file is shorter than the index says");
  return bytes;
}

// The stored file, in memory or to be read later.
void take_stored(const ContentServices& services, const ContentOptions& options, const Resource& instance,
                 bool compressible, Content& content) {
  Blob blob = services.rest.attachments.open(instance);
  content.size = blob.info().content_size;
  const auto encoding = services.rest.default_encoding();
  if (content.size > kInMemory) {
    content.method = compressible && options.level > 0 ? Method::kDeflated : Method::kStored;
    if (options.directory) {
      rest::StoredFile file(services.rest, instance);
      content.facts = directory_facts(file.structure(), encoding, options.extended);
    }
    content.large = std::make_unique<LargeBlob>(std::move(blob));
    return;
  }
  std::string bytes = read_whole(blob, content.size);
  if (options.directory)
    content.facts =
        directory_facts(dicom::ByteSource(bytes.data(), bytes.size()), encoding, options.extended);
  set_bytes(content, options, std::move(bytes), compressible);
}

void take_transcoded(const ContentServices& services, const ContentOptions& options,
                     std::unique_ptr<SpooledOutput> file, Content& content) {
  const bool compressible = is_compressible(options.transcode);
  content.size = file->size();
  if (options.directory)
    content.facts = directory_facts(file->source(), services.rest.default_encoding(), options.extended);
  if (file->fd() < 0) return set_bytes(content, options, file->take_memory(), compressible);
  content.method = compressible && options.level > 0 ? Method::kDeflated : Method::kStored;
  content.large = std::make_unique<LargeTranscoded>(std::move(file));
}

}  // namespace

namespace {

Content load_from(const Snapshot& snapshot, const ContentServices& services, const ContentOptions& options,
                  const std::string& id) {
  Content content;
  const std::optional<Resource> instance = snapshot.find(id, HILUM_INSTANCE);
  if (!instance) return content;
  content.exists = true;
  const std::string syntax = transfer_syntax_of(*instance);
  if (!options.transcode.empty()) {
    rest::StoredFile file(services.rest, *instance);
    if (std::unique_ptr<SpooledOutput> out = transcode(services, options, file, syntax, id)) {
      take_transcoded(services, options, std::move(out), content);
      return content;
    }
  }
  take_stored(services, options, *instance, is_compressible(syntax), content);
  return content;
}

}  // namespace

Content load_instance(const ContentServices& services, const ContentOptions& options, const std::string& id) {
  try {
    return load_from(services.rest.index.snapshot(), services, options, id);
  } catch (const Error& error) {
    // A snapshot knows an instance that is deleted meanwhile; its file is gone. It is left out, as others are.
    if (error.code() != HILUM_E_UNKNOWN_RESOURCE) throw;
    if (services.rest.index.snapshot().find(id, HILUM_INSTANCE)) throw;
    return {};
  }
}

std::string deflated_piece(int level, std::string_view bytes, bool last) {
  std::string out;
  deflater_of_thread(level).piece(bytes, last, out);
  return out;
}

Content from_memory(const ContentOptions& options, std::string bytes) {
  Content content;
  content.exists = true;
  set_bytes(content, options, std::move(bytes), true);
  return content;
}

}  // namespace hilum::archives
