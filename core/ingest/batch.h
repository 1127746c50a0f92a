// Many instances, and changes that belong to them, stored as one: all or nothing, also after a crash.
#pragma once

#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "core/ingest/committer.h"
#include "core/ingest/ingest.h"
#include "core/ingest/prepare.h"

namespace hilum::ingest {

// An instance before its commit. Without `instance` there is nothing to commit: `stored` tells why.
struct Prepared {
  Stored stored;
  std::shared_ptr<index::NewInstance> instance;
  std::vector<std::unique_ptr<storage::StagedBlob>> blobs;
};

// Made by Ingest::open_batch(), owned by whoever fills it; one thread at a time. The files of a large batch wait on the
// disk; what the index needs (some KiB for each instance) is held in memory. Dropped without commit(), it leaves nothing
// behind.
class Batch {
 public:
  using Prepare = std::function<Prepared(Bytes&&, const Origin&, Stager::Waiting, bool transcode)>;
  // Changes the index once all instances are stored; adds the blobs that it frees to `removed`.
  using Step = std::function<void(index::Transaction&, std::vector<index::BlobUuid>& removed)>;

  Batch(Prepare prepare, Committer& committer, const Options& options)
      : prepare_(std::move(prepare)), committer_(committer), options_(options) {}
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  // Errors as of Ingest::store(). The outcome is kStored or kFilteredOut; whether the instance is there already turns
  // out at the commit.
  Stored add(Bytes&& bytes, const Origin& origin);
  // From now on instances are stored in the transfer syntax that they have, whatever IngestTranscoding says.
  void keep_transfer_syntax() { transcode_ = false; }
  // From now on an instance that is there already and would be kept makes the commit fail with HILUM_E_DUPLICATE.
  void require_new() { only_new_ = true; }
  // Before any instance is stored, the instance must be there with this DICOM file; else the commit fails with
  // HILUM_E_REVISION. For what the instances of the batch were made of.
  void expect(const PublicId& id, const index::BlobUuid& file) { expected_.emplace_back(id, file); }
  void then(Step step) { steps_.push_back(std::move(step)); }
  // In the order of add(); durable. HILUM_E_BAD_REQUEST if a step has removed an instance of the batch;
  // HILUM_E_BAD_SEQUENCE the second time.
  std::vector<Stored> commit();

 private:
  Applied apply(index::Transaction& transaction);
  void require_expected(const index::Transaction& transaction) const;
  void require_complete(const index::Transaction& transaction) const;

  const Prepare prepare_;
  Committer& committer_;
  const Options& options_;
  uint64_t in_memory_ = 0;  // bytes of staged files
  std::vector<Prepared> instances_;
  std::vector<std::pair<PublicId, index::BlobUuid>> expected_;
  std::vector<Step> steps_;
  bool transcode_ = true;
  bool only_new_ = false;
  bool committed_ = false;
};

}  // namespace hilum::ingest
