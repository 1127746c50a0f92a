#include "core/ingest/index_tools.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/uuid.h"
#include "core/index/check.h"
#include "core/index/leveldb_store.h"
#include "core/ingest/content.h"
#include "core/ingest/description.h"
#include "core/ingest/prepare.h"
#include "core/storage/blob_check.h"
#include "core/storage/range_reader.h"
#include "core/storage/segment_scan.h"
#include "core/storage/segment_store.h"

namespace hilum::ingest {
namespace {

using index::Level;
using index::Metadata;

std::string name(const index::BlobUuid& uuid) { return Uuid(uuid).text(); }

// Every attachment has its blob, and every blob its attachment.
std::vector<std::string> check_references(const index::KvStore& store) {
  std::vector<std::string> problems;
  std::vector<index::BlobUuid> referenced;
  const auto snapshot = store.snapshot();
  index::CheckOptions options;
  std::string value;
  options.on_attachment = [&](const index::PublicId& owner, const index::Attachment& attachment) {
    referenced.push_back(attachment.uuid);
    const bool has_place = snapshot->get(storage::location_key(attachment.uuid), &value);
    const auto where = has_place ? storage::decode_location(value) : std::nullopt;
    if (!where || where->size != attachment.stored_size) {
      problems.push_back("attachment " + std::to_string(attachment.type) + " of " + owner.to_string() +
                         (where ? " has another size in the storage" : " is not in the storage"));
    }
  };
  for (std::string& problem : index::check_index(*snapshot, options)) {
    problems.push_back(std::move(problem));
  }
  std::sort(referenced.begin(), referenced.end());
  const auto next = snapshot->iterate();
  for (next->seek("B"); next->valid() && next->key().substr(0, 1) == "B"; next->next()) {
    const auto uuid = storage::location_uuid(next->key());
    if (uuid && !std::binary_search(referenced.begin(), referenced.end(), *uuid)) {
      problems.push_back("blob " + name(*uuid) + " belongs to no resource");
    }
  }
  return problems;
}

// `own` with the values of `derived` in place of those of the same key.
std::vector<Metadata> merged(std::vector<Metadata> own, const std::vector<Metadata>& derived) {
  for (const Metadata& metadata : derived) {
    own.erase(std::remove_if(own.begin(), own.end(),
                             [&](const Metadata& other) { return other.key == metadata.key; }),
              own.end());
    own.push_back(metadata);
  }
  std::sort(own.begin(), own.end(), [](const Metadata& a, const Metadata& b) { return a.key < b.key; });
  return own;
}

// A reader over one that somebody else owns.
class Borrowed final : public storage::BlobReader {
 public:
  explicit Borrowed(const storage::BlobReader& reader) : reader_(reader) {}
  uint64_t size() const override { return reader_.size(); }
  size_t read(uint64_t offset, void* buffer, size_t capacity) const override {
    return reader_.read(offset, buffer, capacity);
  }
  std::optional<FileRange> file_range() const override { return reader_.file_range(); }

 private:
  const storage::BlobReader& reader_;
};

class Rebuild {
 public:
  Rebuild(const std::string& storage_folder, index::KvStore& store, const Options& options,
          const Report& report)
      : folder_(storage_folder), store_(store), options_(options), report_(report), transaction_(store) {}

  int run() {
    // Instances first: attachments of all levels need their owner.
    walk([&](const storage::LoggedBlob& blob, const storage::BlobReader& reader,
             const Description& description) {
      if (description.attachment.type == kDicomAttachment) {
        add_instance(blob, reader, description);
      }
    });
    const storage::Walk end = walk(
        [&](const storage::LoggedBlob& blob, const storage::BlobReader&, const Description& description) {
          if (description.attachment.type != kDicomAttachment) {
            add_attachment(blob, description);
          }
        });
    for (const std::string& line : end.problems) {
      problem(line);
    }
    for (const index::BlobUuid& uuid : end.unknown_files) {
      problem("file " + name(uuid) + " is not known to the log; it was left out");
    }
    write();
    index::KvBatch last;
    last.put(std::string(storage::kCheckpointKey), storage::encode(end.end));
    store_.write(last, true);
    report_(std::to_string(instances_) + " instances and " + std::to_string(attachments_) +
            " other attachments are in the new index");
    return status_;
  }

 private:
  using Visit =
      std::function<void(const storage::LoggedBlob&, const storage::BlobReader&, const Description&)>;

  storage::Walk walk(const Visit& visit) {
    return storage::for_each_blob(
        folder_, [&](const storage::LoggedBlob& blob, const storage::BlobReader* reader) {
          const auto description = decode_description(blob.description);
          if (!description || !description->owner) {
            problem("blob " + name(blob.uuid) + " does not say whose it is; it was left out");
          } else if (reader == nullptr) {
            problem("blob " + name(blob.uuid) + " is missing");
          } else {
            visit(blob, *reader, *description);
          }
          if (++since_write_ >= kPerWrite) {
            write();
          }
        });
  }

  index::Attachment attachment_of(const storage::LoggedBlob& blob, const Description& description) const {
    index::Attachment attachment = description.attachment;
    attachment.uuid = blob.uuid;
    attachment.stored_size = blob.location.size;
    return attachment;
  }

  void add_instance(const storage::LoggedBlob& blob, const storage::BlobReader& reader,
                    const Description& description) {
    const size_t before = transaction_.savepoint();
    try {
      const auto range = *reader.file_range();
      if (storage::crc_of_range(range.fd, range.offset, reader.size()) != blob.location.crc) {
        throw Error(HILUM_E_CORRUPTED, "its checksum does not match");
      }
      const index::Attachment attachment = attachment_of(blob, description);
      const OpenContent content(std::make_unique<Borrowed>(reader), attachment, folder_ + "/spool");
      const dicom::ParsedInstance parsed = dicom::parse_file(content.source());
      index::NewInstance instance = describe_instance(parsed, {}, options_, description.reception_ms);
      instance.instance_metadata = merged(description.instance_metadata,
                                          derived_metadata(parsed, instance, Level::kInstance, options_));
      instance.series_metadata = description.series_metadata;
      instance.attachments.push_back(attachment);
      if (const auto known = transaction_.find(instance.ids[3])) {
        replace_or_skip(*known, blob, instance);
        return;
      }
      add(instance, blob);
      ++instances_;
    } catch (const Error& error) {
      transaction_.roll_back(before);
      problem("blob " + name(blob.uuid) + " is no instance that can be read: " + error.what());
    }
  }

  void add(const index::NewInstance& instance, const storage::LoggedBlob& blob) {
    transaction_.add_instance(instance);
    transaction_.put_raw(storage::location_key(blob.uuid), storage::encode(blob.location));
  }

  // The log holds a blob twice if it was being moved; two blobs of one instance are an error of the archive,
  // of which the later one is kept.
  void replace_or_skip(const index::Resource& known, const storage::LoggedBlob& blob,
                       const index::NewInstance& instance) {
    const index::BlobUuid old = known.attachments.at(0).uuid;
    if (old == blob.uuid) {
      return;
    }
    problem("instance " + known.public_id.to_string() + " is there twice: " + name(old) + " and " +
            name(blob.uuid) + "; the later one was taken");
    if (old < blob.uuid) {
      for (const index::BlobUuid& uuid : transaction_.remove(known).blobs) {
        transaction_.erase_raw(storage::location_key(uuid));
      }
      add(instance, blob);
    }
  }

  void add_attachment(const storage::LoggedBlob& blob, const Description& description) {
    const auto owner = transaction_.find(description.owner->second);
    if (!owner) {
      problem("attachment " + name(blob.uuid) + " belongs to " + description.owner->second.to_string() +
              ", which is not there any more; it was left out");
      return;
    }
    transaction_.set_attachment(*owner, attachment_of(blob, description), false);
    transaction_.put_raw(storage::location_key(blob.uuid), storage::encode(blob.location));
    ++attachments_;
  }

  void write() {
    store_.write(transaction_.take(), false);
    transaction_.take_events();
    since_write_ = 0;
  }

  void problem(const std::string& line) {
    if (reported_.insert(line).second) {  // both walks may find the same
      report_(line);
    }
    status_ = 1;
  }

  static constexpr size_t kPerWrite = 256;
  const std::string folder_;
  index::KvStore& store_;
  const Options& options_;
  const Report& report_;
  index::Transaction transaction_;
  std::set<std::string> reported_;
  uint64_t instances_ = 0, attachments_ = 0;
  size_t since_write_ = 0;
  int status_ = 0;
};

}  // namespace

int check_archive(const std::string& storage_folder, const std::string& index_folder, bool deep,
                  const Report& report) {
  for (const std::string& folder : {storage_folder, index_folder}) {
    if (!std::filesystem::is_directory(folder)) {
      throw Error(HILUM_E_DIRECTORY_EXPECTED, folder + " is not a folder");
    }
  }
  const auto store = index::LevelDbStore::open(index_folder);
  storage::SegmentStore blobs(storage_folder, {}, *store);
  blobs.replay();
  blobs.finish_sweep();
  std::vector<std::string> problems = check_references(*store);
  for (std::string& line : storage::check_blobs(storage_folder, *store, deep)) {
    problems.push_back(std::move(line));
  }
  for (const std::string& line : problems) {
    report(line);
  }
  report(problems.empty() ? "index and storage agree" : std::to_string(problems.size()) + " problems");
  return problems.empty() ? 0 : 1;
}

int rebuild_index(const std::string& storage_folder, const std::string& new_index_folder,
                  const Options& options, const Report& report) {
  if (!std::filesystem::is_directory(storage_folder + "/segments")) {
    throw Error(HILUM_E_DIRECTORY_EXPECTED, storage_folder + " holds no storage (no folder segments)");
  }
  if (std::filesystem::exists(new_index_folder) && !std::filesystem::is_empty(new_index_folder)) {
    throw Error(HILUM_E_DATABASE, new_index_folder + " is not empty: a new index needs a new folder");
  }
  const UniqueFd lock = storage::lock_storage(storage_folder, storage::FileSystem::system());
  const auto store = index::LevelDbStore::open(new_index_folder);
  return Rebuild(storage_folder, *store, options, report).run();
}

}  // namespace hilum::ingest
