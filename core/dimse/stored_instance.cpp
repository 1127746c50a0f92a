#include "core/dimse/stored_instance.h"

#include <fcntl.h>
#include <hilum/cpp/error.h>
#include <zlib.h>

#include <algorithm>
#include <exception>
#include <vector>

#include "core/base/log.h"

namespace hilum::dimse {
namespace {

constexpr int32_t kDicomFile = 1;  // HILUM_ATTACHMENT_DICOM
constexpr size_t kSizePrefix = 8;  // content size before the zlib stream
constexpr size_t kPiece = 256 * 1024;

struct Inflater {
  Inflater() {
    if (inflateInit(&stream) != Z_OK) {
      throw Error(HILUM_E_NO_MEMORY, "zlib");
    }
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream stream{};
};

// Inflates into an unlinked file, so that the size of an instance never decides the size of a buffer.
UniqueFd inflate_to_file(const storage::BlobReader& reader, const std::string& directory, uint64_t expected) {
  UniqueFd file = open_file(directory, O_TMPFILE | O_RDWR, 0600);
  Inflater inflater;
  std::vector<char> input(kPiece);
  std::vector<char> output(kPiece);
  uint64_t position = kSizePrefix;
  uint64_t written = 0;
  int result = Z_OK;
  while (result != Z_STREAM_END) {
    if (inflater.stream.avail_in == 0) {
      const size_t count = reader.read(position, input.data(), input.size());
      position += count;
      inflater.stream.next_in = reinterpret_cast<Bytef*>(input.data());
      inflater.stream.avail_in = static_cast<uInt>(count);
    }
    inflater.stream.next_out = reinterpret_cast<Bytef*>(output.data());
    inflater.stream.avail_out = static_cast<uInt>(output.size());
    result = inflate(&inflater.stream, Z_NO_FLUSH);
    const size_t produced = output.size() - inflater.stream.avail_out;
    written += produced;
    if ((result != Z_OK && result != Z_STREAM_END) || written > expected) {
      throw Error(HILUM_E_CORRUPTED, "compressed attachment");
    }
    write_all(file.get(), {output.data(), produced}, directory);
  }
  return file;
}

}  // namespace

std::unique_ptr<StoredInstance> StoredInstance::open(const ingest::Ingest& ingest,
                                                     const index::Resource& instance) {
  const auto attachment =
      std::find_if(instance.attachments.begin(), instance.attachments.end(),
                   [](const index::Attachment& candidate) { return candidate.type == kDicomFile; });
  if (attachment == instance.attachments.end()) {
    return nullptr;
  }
  std::unique_ptr<StoredInstance> stored(new StoredInstance);
  try {
    stored->load(ingest, *attachment);
  } catch (const std::exception& error) {
    log_warning(LogCategory::kDicom, "C-FIND cannot read the file of instance {}: {}",
                instance.public_id.to_string(), error.what());
    return nullptr;
  }
  return stored;
}

void StoredInstance::load(const ingest::Ingest& ingest, const index::Attachment& attachment) {
  reader_ = ingest.open(attachment);
  if (attachment.compressed) {
    inflated_ = inflate_to_file(*reader_, ingest.spool_directory(), attachment.content_size);
    parsed_ = dicom::parse_file(dicom::ByteSource(inflated_.get(), 0, attachment.content_size));
  } else if (const auto range = reader_->file_range()) {
    parsed_ = dicom::parse_file(dicom::ByteSource(range->fd, range->offset, reader_->size()));
  } else {
    memory_.resize(reader_->size());
    memory_.resize(reader_->read(0, memory_.data(), memory_.size()));
    parsed_ = dicom::parse_file(memory_.data(), memory_.size());
  }
}

}  // namespace hilum::dimse
