// The one way in for an instance: parse, filter, identify, store, index, announce.
//
//   DICOM associations ---+
//   POST /instances    ---+--> prepare (caller's thread) --> commit queue --> group commit --> acknowledge
//   plugins, scripts   ---+                                                   (one thread)
#pragma once

#include <hilum/cpp/error.h>
#include <hilum/dicom/main_tags.h>
#include <hilum/dicom/parse.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/live.h"
#include "core/index/snapshot.h"
#include "core/index/transaction.h"
#include "core/ingest/md5.h"
#include "core/storage/blob_store.h"

namespace hilum::events {
class EventBus;
}
namespace hilum::dicom {
class FrameCodecs;
}

namespace hilum::ingest {

using dicom::PublicId;

enum class OriginKind { kUnknown = 1, kDicomProtocol = 2, kRestApi = 3, kPlugins = 4, kLua = 5, kWebDav = 6 };

struct Origin {
  OriginKind kind = OriginKind::kUnknown;
  std::string remote_aet, called_aet;  // DICOM only
  std::string remote_ip;
  std::string user;  // HTTP only
};

// The bytes of one DICOM file: in memory, or in an unlinked file made on Ingest::spool_directory() (then `fd`
// is owned by the caller until store() takes it over by setting it to -1).
struct Bytes {
  std::string memory;
  int fd = -1;
  uint64_t size = 0;  // of the file; memory.size() otherwise
  // MD5 of all of it, if whoever received the bytes has hashed them on the way.
  std::optional<Md5Value> md5;
};

enum class Outcome { kStored = 1, kAlreadyStored = 2, kFilteredOut = 3 };

struct Stored {
  Outcome outcome = Outcome::kStored;
  PublicId patient, study, series, instance;
};

// An instance on its way in, as a filter sees it. Belongs to the receiving thread.
class Incoming {
 public:
  Incoming(const dicom::ParsedInstance& identity, const Origin& origin, const dicom::ByteSource& file)
      : identity_(identity), origin_(origin), file_(file) {}

  // SOP class and main tags only.
  const dicom::ParsedInstance& identity() const { return identity_; }
  // All up to Pixel Data; parsed when somebody asks for it first.
  const dicom::ParsedInstance& header() const;
  const Origin& origin() const { return origin_; }
  uint64_t file_size() const { return file_.size(); }
  size_t read(uint64_t offset, void* buffer, size_t capacity) const {
    return file_.read(offset, buffer, capacity);
  }

 private:
  const dicom::ParsedInstance& identity_;
  const Origin& origin_;
  const dicom::ByteSource& file_;
  mutable std::optional<dicom::ParsedInstance> header_;
};
enum class Verdict { kKeep, kDiscard };
// Called on the receiving thread; an exception refuses the instance with that error.
using InstanceFilter = std::function<Verdict(const Incoming&)>;

// IngestTranscoding and its like.
struct TranscodingOptions {
  std::string transfer_syntax;  // UID; empty: everything is stored as it comes
  bool of_uncompressed = true;  // implicit and explicit VR, little and big endian
  bool of_compressed = true;    // all others
  int lossy_quality = 90;
  size_t concurrent = 0;  // at once; 0: one for each processor
  dicom::Encoding default_encoding = dicom::Encoding::Latin1;
};

struct Options {
  bool overwrite_instances = false;
  bool overwrite_if_changed = false;  // OverwriteInstances: "IfChanged": replace if the MD5 differs
  bool compression = false;           // StorageCompression
  bool md5 = true;                    // StoreMD5ForAttachments
  bool check_revisions = false;
  bool durable = true;                 // SyncStorageArea / Durability
  uint64_t maximum_storage_size = 0;   // bytes, 0: none
  uint64_t maximum_patient_count = 0;  // 0: none
  bool reject_when_full = false;       // MaximumStorageMode: "Reject"
  int stable_age_seconds = 60;
  Live<dicom::Encoding> default_encoding = dicom::Encoding::Latin1;  // DefaultEncoding
  dicom::MainTags main_tags;                                         // default set plus ExtraMainDicomTags
  size_t queue_limit = 4096;  // operations that may wait for the committing thread
  TranscodingOptions transcoding;
  uint64_t zip_entry_limit = 4096ull << 20;  // MaximumFileSizeInArchiveMB: inflated size of one entry
};

// The file could be read, but its data set lacks what identifies an instance (or it has the wrong form).
class IdentityError : public Error {
 public:
  explicit IdentityError(const Error& cause) : Error(cause) {}
};

// Owned by main; thread-safe. Functions that store or change return when the change is durable. The store,
// the blobs (not replayed before: the constructor does it) and the bus must outlive it.
class Ingest {
 public:
  Ingest(index::KvStore& store, storage::BlobStore& blobs, events::EventBus& events, Options options);
  ~Ingest();
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  index::Snapshot snapshot() const;
  const std::string& spool_directory() const;
  const Options& options() const;
  // DefaultEncoding from now on, for what comes in and for whoever asks options().
  void set_default_encoding(dicom::Encoding encoding);

  // Who decodes and encodes the frames of what is transcoded; null (as at the beginning): nobody, all is stored as it comes.
  void set_codecs(std::shared_ptr<const dicom::FrameCodecs> codecs);

  // Stores one DICOM file. Errors: HILUM_E_BAD_FORMAT, IdentityError (HILUM_E_BAD_FORMAT,
  // HILUM_E_INEXISTENT_TAG or HILUM_E_BAD_TYPE), HILUM_E_FULL_STORAGE, HILUM_E_BUSY (queue full),
  // HILUM_E_CANNOT_WRITE (disk).
  Stored store(Bytes&& bytes, const Origin& origin);
  // Stores a body that is a DICOM file or a ZIP archive (recognised by its first bytes). Returns true for an
  // archive.
  bool store_body(Bytes&& bytes, const Origin& origin, const std::function<void(const Stored&)>& on_stored);
  void add_filter(const std::string& owner, InstanceFilter filter);
  void remove_filters(const std::string& owner);

  // Runs a change on the committing thread, with rollback if it throws (the error comes back to the caller),
  // and returns when it is durable. `change` returns the blobs whose space can be given back.
  struct Change {
    std::vector<std::unique_ptr<storage::StagedBlob>> blobs;  // new blobs that the change refers to
    std::function<std::vector<index::BlobUuid>(index::Transaction&)> apply;
    // The resource that `blobs` belong to: kept beside them, so that a rebuild of the index out of the
    // storage finds it, and never recycled to make room for them.
    std::optional<std::pair<index::Level, index::PublicId>> owner = std::nullopt;
  };
  void change(Change&& change);
  // Many instances and changes as one: see batch.h. Closed before the Ingest ends.
  std::unique_ptr<class Batch> open_batch();

  // See hilum/ingest.h.
  void reconstruct(const PublicId& id, bool files, bool only_own_level);

  // Opens the stored form of an attachment. HILUM_E_CORRUPTED if the storage has lost it;
  // HILUM_E_UNKNOWN_RESOURCE if it was deleted or replaced since the snapshot that `attachment` comes from.
  std::unique_ptr<storage::BlobReader> open(const index::Attachment& attachment) const;
  // Makes an attachment of content: compresses if `compressed`, hashes as the options say, and stages it.
  // Takes over `content.fd`.
  std::pair<index::Attachment, std::unique_ptr<storage::StagedBlob>> stage_attachment(int32_t type,
                                                                                      Bytes&& content,
                                                                                      bool compressed) const;

  // Changes that wait for the committing thread.
  size_t waiting() const;

  // Is the resource in the list of those that wait to become stable?
  bool is_stable(index::ResourceId id) const;

  // Ends: refuses new work, commits what is queued.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hilum::ingest
