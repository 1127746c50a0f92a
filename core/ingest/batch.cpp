#include "core/ingest/batch.h"

#include <hilum/cpp/error.h>

#include <algorithm>

#include "core/ingest/store_rules.h"

namespace hilum::ingest {
namespace {

// So much of the files may wait in memory, where they become part of the log's group; the others become files.
constexpr uint64_t kMemoryLimit = 16ull << 20;

void add_distinct(std::vector<Touched>& touched, std::unordered_set<index::ResourceId>& known,
                  const std::vector<Touched>& more) {
  std::copy_if(more.begin(), more.end(), std::back_inserter(touched),
               [&](const Touched& one) { return known.insert(one.id).second; });
}

}  // namespace

Stored Batch::add(Bytes&& bytes, const Origin& origin) {
  const bool fits = bytes.fd < 0 && in_memory_ + bytes.memory.size() <= kMemoryLimit;
  const uint64_t size = bytes.memory.size();
  Prepared prepared = prepare_(std::move(bytes), origin,
                               fits ? Stager::Waiting::kAsFits : Stager::Waiting::kOnDisk, transcode_);
  const Stored stored = prepared.stored;
  if (prepared.instance) {
    in_memory_ += fits ? size : 0;
    instances_.push_back(std::move(prepared));
  }
  return stored;
}

std::vector<Stored> Batch::commit() {
  if (committed_) {
    throw Error(HILUM_E_BAD_SEQUENCE, "the batch has been committed already, or has failed");
  }
  committed_ = true;
  const auto operation = std::make_shared<Operation>();
  for (Prepared& prepared : instances_) {
    std::move(prepared.blobs.begin(), prepared.blobs.end(), std::back_inserter(operation->blobs));
    prepared.blobs.clear();
  }
  operation->apply = [this](index::Transaction& transaction) { return apply(transaction); };
  committer_.run(operation, true);
  std::vector<Stored> result;
  result.reserve(instances_.size());
  for (const Prepared& prepared : instances_) {
    result.push_back(prepared.stored);
  }
  return result;
}

Applied Batch::apply(index::Transaction& transaction) {
  require_expected(transaction);
  Applied applied;
  std::unordered_set<index::ResourceId> touched;
  for (Prepared& prepared : instances_) {
    const Applied one = apply_store(transaction, *prepared.instance, options_, &prepared.stored.outcome);
    add_distinct(applied.touched, touched, one.touched);
    applied.removed.insert(applied.removed.end(), one.removed.begin(), one.removed.end());
    if (!one.keep_blobs && only_new_) {
      throw Error(HILUM_E_DUPLICATE, "instance " + prepared.stored.instance.to_string() +
                                         " was stored by somebody else meanwhile: nothing was changed");
    }
    if (!one.keep_blobs) {
      for (const index::Attachment& attachment : prepared.instance->attachments) {
        applied.removed.push_back(attachment.uuid);
      }
    }
    prepared.instance
        .reset();  // the transaction holds all of it now; both together would be twice the memory
  }
  for (const Step& step : steps_) {
    step(transaction, applied.removed);
  }
  require_complete(transaction);
  return applied;
}

void Batch::require_expected(const index::Transaction& transaction) const {
  for (const auto& [id, file] : expected_) {
    const auto found = transaction.find(id);
    const bool is_same =
        found && std::any_of(found->attachments.begin(), found->attachments.end(),
                             [&uuid = file](const index::Attachment& attachment) {
                               return attachment.type == kDicomAttachment && attachment.uuid == uuid;
                             });
    if (!is_same) {
      throw Error(HILUM_E_REVISION,
                  "instance " + id.to_string() +
                      " was deleted or replaced by somebody else meanwhile: nothing was changed");
    }
  }
}

void Batch::require_complete(const index::Transaction& transaction) const {
  for (const Prepared& prepared : instances_) {
    if (!transaction.find(prepared.stored.instance)) {
      throw Error(HILUM_E_BAD_REQUEST,
                  "an instance that is being stored would be removed at once, by the same change "
                  "or because the archive is full: nothing was changed");
    }
  }
}

}  // namespace hilum::ingest
