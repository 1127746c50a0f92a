#include "core/ingest/ingest.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/index/utc_time.h"
#include "core/ingest/batch.h"
#include "core/ingest/committer.h"
#include "core/ingest/content.h"
#include "core/ingest/description.h"
#include "core/ingest/prepare.h"
#include "core/ingest/reconstruct.h"
#include "core/ingest/stability.h"
#include "core/ingest/store_rules.h"
#include "core/ingest/transcoding.h"
#include "core/ingest/zip_reader.h"

namespace hilum::ingest {
namespace {

// Entries of an archive that may wait for their commit at once: enough to share flushes.
constexpr size_t kInFlight = 16;

// An instance whose way in has begun.
struct Pending {
  Stored stored;
  Outcome outcome = Outcome::kStored;    // set by the committing thread
  std::shared_ptr<Operation> operation;  // none: decided already
};

Timer& store_timer() {
  static Timer& timer = metrics().timer("orthanc_store_dicom_duration_ms");
  return timer;
}

// Is this what an archive may hold beside instances?
bool is_no_instance(const Error& error) {
  return error.code() == HILUM_E_BAD_FORMAT || error.code() == HILUM_E_INEXISTENT_TAG ||
         error.code() == HILUM_E_BAD_TYPE;
}

}  // namespace

class Ingest::Impl {
 public:
  Impl(index::KvStore& store, storage::BlobStore& blobs, events::EventBus& events, Options options)
      : store_(store),
        blobs_(blobs),
        options_(std::move(options)),
        identity_tags_(identity_tags(options_)),
        stager_(blobs, options_.md5),
        transcoder_(options_.transcoding, blobs.spool_directory()),
        stability_(options_.stable_age_seconds),
        committer_(store, blobs, events, blobs.replay(), options_.queue_limit,
                   [this](const std::vector<Touched>& touched) { stability_.touch(touched); }) {
    stability_.start([this](const std::vector<Touched>& resources) { announce_stable(resources); });
    respect_limits();
  }

  index::Snapshot snapshot() const { return index::Snapshot(store_.snapshot()); }
  const Options& options() const { return options_; }
  void set_default_encoding(dicom::Encoding encoding) { options_.default_encoding.set(encoding); }
  void set_codecs(std::shared_ptr<const dicom::FrameCodecs> codecs) {
    transcoder_.set_codecs(std::move(codecs));
  }
  const storage::BlobStore& blobs() const { return blobs_; }
  const Stager& stager() const { return stager_; }
  const Stability& stability() const { return stability_; }
  Committer& committer() { return committer_; }
  size_t waiting() const { return committer_.waiting(); }

  // `one_of_many`: the caller goes on with others and bounds how many are in flight, so the queue takes it always.
  std::shared_ptr<Pending> begin(Bytes&& bytes, const Origin& origin, bool one_of_many = false);
  // What all instances go through before their commit.
  struct Steps {
    Stager::Waiting waiting = Stager::Waiting::kAsFits;
    bool look = true;       // for instances that are there already
    bool transcode = true;  // by IngestTranscoding
  };
  Prepared prepare(Bytes&& bytes, const Origin& origin, const Steps& steps);
  Stored finish(Pending& pending);
  bool store_body(Bytes&& bytes, const Origin& origin, const std::function<void(const Stored&)>& on_stored);
  void change(Change&& change);
  void add_filter(const std::string& owner, InstanceFilter filter);
  void remove_filters(const std::string& owner);
  void stop() {
    stability_.stop();
    committer_.stop();
  }

 private:
  std::shared_ptr<index::NewInstance> identify(const dicom::ParsedInstance& parsed,
                                               const Origin& origin) const;
  bool passes_filters(const dicom::ParsedInstance& parsed, const Origin& origin,
                      const dicom::ByteSource& source) const;
  Prepared prepare_accepted(OwnedBytes&& owned, const dicom::ParsedInstance& parsed,
                            std::shared_ptr<index::NewInstance> instance, const Steps& steps) const;
  bool is_known(const PublicId& id, const Steps& steps) const;
  void store_archive(const dicom::ByteSource& archive, const Origin& origin,
                     const std::function<void(const Stored&)>& on_stored);
  void announce_stable(const std::vector<Touched>& resources);
  void respect_limits();

  index::KvStore& store_;
  storage::BlobStore& blobs_;
  Options options_;  // constant but for what is Live
  const std::vector<dicom::Tag> identity_tags_;
  const Stager stager_;
  IngestTranscoder transcoder_;
  Stability stability_;
  Committer committer_;
  // Replaced as a whole: no lock is held while filters run, so that a filter may store instances itself.
  using Filters = std::vector<std::pair<std::string, InstanceFilter>>;
  mutable std::mutex filters_mutex_;  // guards the pointer
  std::shared_ptr<const Filters> filters_ = std::make_shared<const Filters>();
};

const dicom::ParsedInstance& Incoming::header() const {
  if (!header_) {
    header_ = dicom::parse_file(file_);
  }
  return *header_;
}

std::shared_ptr<index::NewInstance> Ingest::Impl::identify(const dicom::ParsedInstance& parsed,
                                                           const Origin& origin) const {
  try {
    return std::make_shared<index::NewInstance>(describe_instance(parsed, origin, options_, index::now_ms()));
  } catch (const Error& error) {
    if (is_no_instance(error)) {
      throw IdentityError(error);
    }
    throw;
  }
}

bool Ingest::Impl::passes_filters(const dicom::ParsedInstance& parsed, const Origin& origin,
                                  const dicom::ByteSource& source) const {
  std::unique_lock lock(filters_mutex_);
  const std::shared_ptr<const Filters> filters = filters_;
  lock.unlock();
  if (filters->empty()) {
    return true;
  }
  const Incoming incoming(parsed, origin, source);
  for (const auto& [owner, filter] : *filters) {
    if (filter(incoming) == Verdict::kDiscard) {
      log_info(LogCategory::kGeneric, "an instance was discarded by {}", owner);
      return false;
    }
  }
  return true;
}

Prepared Ingest::Impl::prepare(Bytes&& bytes, const Origin& origin, const Steps& steps) {
  OwnedBytes owned(std::move(bytes));
  const dicom::ByteSource source = source_of(owned.view());
  if (source.size() == 0) {
    throw Error(HILUM_E_BAD_FORMAT, "Received an empty DICOM file");
  }
  const dicom::ParsedInstance parsed = dicom::parse_file(source, {false, &identity_tags_});
  auto instance = identify(parsed, origin);
  if (!passes_filters(parsed, origin, source)) {
    const auto& ids = instance->ids;
    Prepared prepared;
    prepared.stored = {Outcome::kFilteredOut, ids[0], ids[1], ids[2], ids[3]};
    return prepared;
  }
  if (steps.transcode && !is_known(instance->ids[3], steps)) {
    if (std::optional<Bytes> transcoded = transcoder_.transcode(source, parsed)) {
      owned = OwnedBytes(std::move(*transcoded));
      // A lossy image is another instance than the one that came.
      const dicom::ParsedInstance other =
          dicom::parse_file(source_of(owned.view()), {false, &identity_tags_});
      return prepare_accepted(std::move(owned), other, identify(other, origin), steps);
    }
  }
  return prepare_accepted(std::move(owned), parsed, std::move(instance), steps);
}

// The committing thread decides; but what a snapshot shows is durable and saves the work.
bool Ingest::Impl::is_known(const PublicId& id, const Steps& steps) const {
  if (options_.overwrite_instances || options_.overwrite_if_changed || !steps.look) {
    return false;
  }
  const auto known = snapshot().locate(id);
  return known && known->second == index::Level::kInstance;
}

Prepared Ingest::Impl::prepare_accepted(OwnedBytes&& owned, const dicom::ParsedInstance& parsed,
                                        std::shared_ptr<index::NewInstance> instance,
                                        const Steps& steps) const {
  const auto& ids = instance->ids;
  Prepared prepared;
  prepared.stored = {Outcome::kStored, ids[0], ids[1], ids[2], ids[3]};
  if (is_known(ids[3], steps)) {
    prepared.stored.outcome = Outcome::kAlreadyStored;
    return prepared;
  }
  prepared.blobs = stage_instance(stager_, owned.release(), parsed, options_, *instance, steps.waiting);
  prepared.instance = std::move(instance);
  return prepared;
}

std::shared_ptr<Pending> Ingest::Impl::begin(Bytes&& bytes, const Origin& origin, bool one_of_many) {
  Prepared prepared = prepare(std::move(bytes), origin, {});
  auto pending = std::make_shared<Pending>();
  pending->stored = prepared.stored;
  if (!prepared.instance) {
    return pending;
  }
  pending->operation = std::make_shared<Operation>();
  pending->operation->blobs = std::move(prepared.blobs);
  pending->operation->apply = [this, instance = prepared.instance,
                               target = pending.get()](index::Transaction& transaction) {
    return apply_store(transaction, *instance, options_, &target->outcome);
  };
  committer_.submit(pending->operation, one_of_many,
                    one_of_many ? Committer::Next::kOtherWork : Committer::Next::kWait);
  return pending;
}

Stored Ingest::Impl::finish(Pending& pending) {
  if (pending.operation) {
    committer_.wait(pending.operation);
    pending.stored.outcome = pending.outcome;
  }
  return pending.stored;
}

bool Ingest::Impl::store_body(Bytes&& bytes, const Origin& origin,
                              const std::function<void(const Stored&)>& on_stored) {
  if (!is_zip(source_of(bytes))) {
    const ScopedTimer measured(store_timer());
    on_stored(finish(*begin(std::move(bytes), origin)));
    return false;
  }
  const OwnedBytes owned(std::move(bytes));
  store_archive(source_of(owned.view()), origin, on_stored);
  return true;
}

void Ingest::Impl::store_archive(const dicom::ByteSource& archive, const Origin& origin,
                                 const std::function<void(const Stored&)>& on_stored) {
  std::deque<std::shared_ptr<Pending>> in_flight;
  const auto finish_first = [&] {
    const std::shared_ptr<Pending> first = in_flight.front();
    in_flight.pop_front();
    on_stored(finish(*first));
  };
  try {
    for_each_zip_entry(archive, options_.zip_entry_limit, blobs_.spool_directory(),
                       [&](const std::string& name, Bytes&& content) {
                         if (in_flight.size() >= kInFlight) {
                           finish_first();
                         }
                         try {
                           in_flight.push_back(begin(std::move(content), origin, true));
                         } catch (const Error& error) {
                           if (!is_no_instance(error)) {
                             throw;
                           }
                           log_info(LogCategory::kGeneric, "skipped a file of an archive ({} characters): {}",
                                    name.size(), error.what());
                         }
                       });
    while (!in_flight.empty()) {
      finish_first();
    }
  } catch (...) {
    // The operations write to their Pending: none may outlive it.
    while (!in_flight.empty()) {
      try {
        finish(*in_flight.front());
      } catch (const std::exception&) {
        // the first error is the one to report
      }
      in_flight.pop_front();
    }
    throw;
  }
}

void Ingest::Impl::change(Change&& change) {
  const auto operation = std::make_shared<Operation>();
  operation->blobs = std::move(change.blobs);
  uint64_t bytes = 0;
  for (const auto& blob : operation->blobs) {
    bytes += blob->size();
    if (auto description = decode_description(blob->description()); description && change.owner) {
      description->owner = change.owner;
      blob->describe(encode(*description));
    }
  }
  operation->apply = [this, bytes, &change](index::Transaction& transaction) {
    Applied applied;
    applied.removed = change.apply(transaction);
    if (bytes > 0 && change.owner && options_.maximum_storage_size > 0) {
      auto patient = transaction.find(change.owner->second);
      while (patient && patient->parent != 0) {
        patient = transaction.get(patient->parent);
      }
      if (patient) {
        make_room(transaction, options_, patient->public_id, 0, 0, applied.removed);
      }
    }
    return applied;
  };
  committer_.run(operation);
}

void Ingest::Impl::add_filter(const std::string& owner, InstanceFilter filter) {
  const std::lock_guard lock(filters_mutex_);
  auto filters = std::make_shared<Filters>(*filters_);
  filters->emplace_back(owner, std::move(filter));
  filters_ = std::move(filters);
}

void Ingest::Impl::remove_filters(const std::string& owner) {
  std::shared_ptr<const Filters> before;
  {
    const std::lock_guard lock(filters_mutex_);
    auto filters = std::make_shared<Filters>(*filters_);
    filters->erase(std::remove_if(filters->begin(), filters->end(),
                                  [&](const auto& entry) { return entry.first == owner; }),
                   filters->end());
    before = std::exchange(filters_, std::move(filters));
  }
  while (before.use_count() > 1) {  // some thread still runs the old ones; this happens once per stop
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  before.reset();  // the last owner sees all that the others did
}

void Ingest::Impl::announce_stable(const std::vector<Touched>& resources) {
  const auto operation = std::make_shared<Operation>();
  operation->apply = [&resources](index::Transaction& transaction) {
    return apply_stable(transaction, resources);
  };
  committer_.run(operation, true);
}

void Ingest::Impl::respect_limits() {
  // The limits may be lower than at the last start.
  if (options_.reject_when_full ||
      (options_.maximum_patient_count == 0 && options_.maximum_storage_size == 0)) {
    return;
  }
  const auto operation = std::make_shared<Operation>();
  operation->apply = [this](index::Transaction& transaction) {
    Applied applied;
    make_room(transaction, options_, std::nullopt, 0, 0, applied.removed);
    return applied;
  };
  try {
    committer_.run(operation, true);
  } catch (const Error& error) {
    log_warning(LogCategory::kIndex, "the archive is over its limits: {}", error.what());
  }
}

Ingest::Ingest(index::KvStore& store, storage::BlobStore& blobs, events::EventBus& events, Options options)
    : impl_(std::make_unique<Impl>(store, blobs, events, std::move(options))) {}
Ingest::~Ingest() { impl_->stop(); }

index::Snapshot Ingest::snapshot() const { return impl_->snapshot(); }
void Ingest::set_codecs(std::shared_ptr<const dicom::FrameCodecs> codecs) {
  impl_->set_codecs(std::move(codecs));
}
const std::string& Ingest::spool_directory() const { return impl_->blobs().spool_directory(); }
const Options& Ingest::options() const { return impl_->options(); }
void Ingest::set_default_encoding(dicom::Encoding encoding) { impl_->set_default_encoding(encoding); }

Stored Ingest::store(Bytes&& bytes, const Origin& origin) {
  const ScopedTimer measured(store_timer());
  return impl_->finish(*impl_->begin(std::move(bytes), origin));
}

bool Ingest::store_body(Bytes&& bytes, const Origin& origin,
                        const std::function<void(const Stored&)>& on_stored) {
  return impl_->store_body(std::move(bytes), origin, on_stored);
}

void Ingest::add_filter(const std::string& owner, InstanceFilter filter) {
  impl_->add_filter(owner, std::move(filter));
}
void Ingest::remove_filters(const std::string& owner) { impl_->remove_filters(owner); }
void Ingest::change(Change&& change) { impl_->change(std::move(change)); }

std::unique_ptr<Batch> Ingest::open_batch() {
  return std::make_unique<Batch>(
      [this](Bytes&& bytes, const Origin& origin, Stager::Waiting waiting, bool transcode) {
        // A step of the batch may remove what is there now.
        return impl_->prepare(std::move(bytes), origin, {waiting, false, transcode});
      },
      impl_->committer(), impl_->options());
}

void Ingest::reconstruct(const PublicId& id, bool files, bool only_own_level) {
  ingest::reconstruct(*this, impl_->stager(), id, files, only_own_level);
}

std::unique_ptr<storage::BlobReader> Ingest::open(const index::Attachment& attachment) const {
  auto reader = impl_->blobs().open(attachment.uuid);
  if (!reader) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE, "the attachment was deleted or replaced just now");
  }
  return reader;
}

std::pair<index::Attachment, std::unique_ptr<storage::StagedBlob>> Ingest::stage_attachment(
    int32_t type, Bytes&& content, bool compressed) const {
  auto [attachment, blob] = impl_->stager().stage(type, std::move(content), compressed);
  Description description;
  description.attachment = attachment;
  blob->describe(encode(description));
  return {attachment, std::move(blob)};
}

bool Ingest::is_stable(index::ResourceId id) const { return impl_->stability().is_stable(id); }
size_t Ingest::waiting() const { return impl_->waiting(); }
void Ingest::stop() { impl_->stop(); }

}  // namespace hilum::ingest
