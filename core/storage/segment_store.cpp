#include "core/storage/segment_store.h"

#include <hilum/cpp/error.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <set>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/base/uuid.h"
#include "core/storage/crc32c.h"
#include "core/storage/range_reader.h"
#include "core/storage/staged.h"

namespace hilum::storage {

SegmentStore::SegmentStore(const std::string& folder, const StoreOptions& options, index::KvStore& store,
                           FileSystem& files)
    : folder_(folder), spool_(folder + "/spool"), options_(options), store_(store), files_(files) {
  prepare_folders();
  segments_ = std::make_unique<SegmentFolder>(folder_ + "/segments");
  own_files_ = std::make_unique<OwnFiles>(folder_ + "/files", files_, options_.durable);
  log_ = std::make_unique<SegmentLog>(
      *segments_, files_, LogOptions{options_.durable, options_.segment_size, options_.zeros_ahead});
}

SegmentStore::~SegmentStore() {
  stopping_ = true;
  if (sweeper_.joinable()) {
    sweeper_.join();
  }
  try {
    if (replayed_ && log_->last_group() != checkpoint_.group) {
      write_checkpoint();
    }
  } catch (const std::exception& error) {
    log_error(LogCategory::kIndex, "no checkpoint at the end: {}", error.what());
  }
}

void SegmentStore::prepare_folders() {
  struct stat facts {};
  if (stat(folder_.c_str(), &facts) != 0) {
    const size_t slash = folder_.rfind('/');
    if (slash != std::string::npos && slash > 0) {
      create_directories(folder_.substr(0, slash));
    }
    make_folder(files_, folder_);
  } else if (!S_ISDIR(facts.st_mode)) {
    throw Error(HILUM_E_DIRECTORY_EXPECTED, "the storage directory " + folder_ + " is not a folder");
  }
  lock_ = lock_storage(folder_, files_);
  bool is_new = make_folder(files_, folder_ + "/segments");
  is_new = make_folder(files_, folder_ + "/files") || is_new;
  is_new = make_folder(files_, spool_) || is_new;
  if (is_new && options_.durable) {
    flush_folder(files_, folder_);
    flush_folder(files_, folder_ + "/..");
  }
}

SegmentStore::Space SegmentStore::space() const {
  struct statvfs facts {};
  if (files_.statvfs(folder_, &facts) != 0) {
    return {UINT64_MAX, 0};  // then the writing itself will tell
  }
  return {facts.f_bavail * facts.f_frsize, std::min(options_.reserve, facts.f_blocks * facts.f_frsize / 16)};
}

void SegmentStore::require_room(uint64_t size) const {
  const Space now = space();
  if (now.free < now.reserve || now.free - now.reserve < size) {
    throw Error(HILUM_E_FULL_STORAGE, "the file system of " + folder_ + " has " +
                                          std::to_string(now.free >> 20) + " MiB left, of which " +
                                          std::to_string(now.reserve >> 20) + " MiB are kept for the index");
  }
}

std::unique_ptr<StagedBlob> SegmentStore::stage(std::string bytes, Waiting waiting) {
  require_room(bytes.size());
  const BlobUuid uuid = Uuid::generate().bytes();
  const uint32_t crc = crc32c(bytes);
  if (!options_.files_layout && bytes.size() < options_.file_size && waiting == Waiting::kAsFits) {
    return std::make_unique<Staged>(uuid, std::move(bytes), crc);
  }
  UniqueFd fd = own_files_->create(uuid, bytes);
  if (waiting == Waiting::kOnDisk) {
    return std::make_unique<Staged>(uuid, UniqueFd(), bytes.size(), crc, *own_files_);
  }
  auto staged = std::make_unique<Staged>(uuid, std::move(fd), bytes.size(), crc, *own_files_);
  if (bytes.size() >= options_.file_size) {
    own_files_->flush(uuid, staged->fd());
    staged->set_flushed();
  }
  return staged;
}

std::unique_ptr<StagedBlob> SegmentStore::stage_file(int descriptor, uint64_t size) {
  UniqueFd fd(descriptor);
  const std::string what = "spooled file";
  if (file_size(fd.get(), what) != size) {
    throw Error(HILUM_E_CORRUPTED, "a spooled file has not the size that was announced");
  }
  if (!options_.files_layout && size < options_.file_size) {  // else its space is taken already
    std::string bytes(static_cast<size_t>(size), '\0');
    read_all_at(fd.get(), bytes.data(), size, 0, what);
    return stage(std::move(bytes));
  }
  require_room(0);
  const BlobUuid uuid = Uuid::generate().bytes();
  const auto crc = crc_of_range(fd.get(), 0, size);
  if (!crc) {
    throw Error(HILUM_E_SYSTEM, "a spooled file cannot be read");
  }
  fd = own_files_->adopt(uuid, std::move(fd));
  auto staged = std::make_unique<Staged>(uuid, std::move(fd), size, *crc, *own_files_);
  if (size >= options_.file_size) {
    own_files_->flush(uuid, staged->fd());
    staged->set_flushed();
  }
  return staged;
}

void SegmentStore::flush_files(const std::vector<Staged*>& files) {
  std::vector<Staged*> open;
  std::copy_if(files.begin(), files.end(), std::back_inserter(open),
               [](const Staged* file) { return !file->is_flushed(); });
  // Measured (ext4): several flushes of single files are slower than one of the file system from two on.
  if (open.size() == 1 && open[0]->fd() >= 0) {
    own_files_->flush(open[0]->uuid(), open[0]->fd());
  } else if (!open.empty()) {
    own_files_->flush_all();
  }
}

void SegmentStore::commit(uint64_t group, const std::vector<std::unique_ptr<StagedBlob>>& blobs,
                          const std::vector<BlobUuid>& removed, index::KvBatch* changes) {
  if (!replayed_ || group <= log_->last_group()) {
    throw Error(HILUM_E_BAD_SEQUENCE, "commit before replay, or with a group number used before");
  }
  static Timer& timer = metrics().timer("orthanc_storage_create_duration_ms");
  static Counter& written = metrics().counter("orthanc_storage_written_bytes");
  const ScopedTimer measured(timer);
  last_ = Last{};
  const std::set<BlobUuid> gone(removed.begin(), removed.end());
  std::vector<Entry> entries;
  std::vector<std::string_view> bytes;
  std::vector<Staged*> files;
  for (const auto& blob : blobs) {
    auto& staged = dynamic_cast<Staged&>(*blob);
    if (gone.count(staged.uuid()) > 0) {
      continue;
    }
    written.add(static_cast<int64_t>(staged.size()));
    const EntryKind kind = staged.is_file() ? EntryKind::kFile : EntryKind::kBlob;
    entries.push_back({kind, staged.uuid(), staged.size(), staged.crc(), staged.description(), 0, 0});
    if (staged.is_file()) {
      files.push_back(&staged);
    } else {
      bytes.push_back(staged.bytes());
    }
  }
  for (const BlobUuid& uuid : gone) {
    if (const auto where = location(uuid)) {
      entries.push_back({EntryKind::kRemoved, uuid, 0, 0, {}, where->segment, 0});
      changes->erase(location_key(uuid));
      last_.removed.emplace_back(uuid, *where);
    }
  }
  flush_files(files);
  const SegmentLog::Place place = log_->append(group, entries, encode_redo(*changes), bytes);
  add_locations(entries, place.segment, place.group_offset, place.data_offset, changes);
  std::string number;
  append_le(number, group);
  changes->put(std::string(kAppliedKey), std::move(number));

  last_.segment = place.segment;
  for (const Entry& entry : entries) {
    last_.living += entry.kind == EntryKind::kRemoved ? 0 : entry.entry_size;
    last_.living += entry.kind == EntryKind::kBlob ? entry.size : 0;
  }
  living_[place.segment] += static_cast<int64_t>(last_.living);
  for (Staged* file : files) {
    file->keep();
    last_.files.push_back(file->uuid());
  }
}

void SegmentStore::abandon(uint64_t group) {
  if (log_->last_group() != group) {
    return;
  }
  living_[last_.segment] -= static_cast<int64_t>(last_.living);
  if (count_) {  // its snapshot would be in the way of an index that has to be opened anew
    count_.reset();
    recount_ = true;
  }
  for (const BlobUuid& uuid : last_.files) {
    own_files_->remove(uuid);
  }
  last_ = Last{};
  log_->abandon_last();
}

void SegmentStore::remove_committed(const std::vector<BlobUuid>& /*blobs*/) {
  static Timer& timer = metrics().timer("orthanc_storage_remove_duration_ms");
  std::optional<ScopedTimer> measured;
  if (!last_.removed.empty()) {
    measured.emplace(timer);
  }
  // commit() noted the places; the locations themselves are gone from the store by now.
  for (const auto& [uuid, where] : last_.removed) {
    living_[where.segment] -= static_cast<int64_t>(where.living_bytes());
    if (where.form == BlobForm::kFile) {
      own_files_->remove(uuid);
    }
    look_for_victim_ = true;
  }
  last_ = Last{};
  if (recount_) {  // the index can be written again
    recount_ = false;
    start_count();
  }
}

std::optional<Location> SegmentStore::location(const BlobUuid& uuid) const {
  std::string value;
  if (!store_.get(location_key(uuid), &value)) {
    return std::nullopt;
  }
  const auto where = decode_location(value);
  if (!where) {
    throw Error(HILUM_E_CORRUPTED, "the location of blob " + Uuid(uuid).text() + " cannot be read");
  }
  return where;
}

std::unique_ptr<BlobReader> SegmentStore::open(const BlobUuid& uuid) const {
  // A blob may be moved between the look at its location and the opening of its segment.
  for (int attempt = 0; attempt < 10; ++attempt) {
    const auto where = location(uuid);
    if (!where) {
      return nullptr;
    }
    if (auto reader = open_blob(uuid, *where, *segments_, *own_files_)) {
      return reader;
    }
  }
  throw Error(HILUM_E_CORRUPTED,
              "the storage has lost blob " + Uuid(uuid).text() +
                  ": its file is not there; `hilum index check` lists all that is missing");
}

void SegmentStore::finish_sweep() {
  if (sweeper_.joinable()) {
    sweeper_.join();
  }
}

}  // namespace hilum::storage
