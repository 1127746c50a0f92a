#include "core/ingest/store_rules.h"

#include <hilum/cpp/error.h>

#include <algorithm>

#include "core/base/log.h"
#include "core/index/utc_time.h"
#include "core/ingest/prepare.h"

namespace hilum::ingest {
namespace {

using index::Level;

constexpr int kHttpInsufficientStorage = 507;

const index::Attachment* dicom_attachment(const std::vector<index::Attachment>& attachments) {
  const auto found = std::find_if(attachments.begin(), attachments.end(),
                                  [](const index::Attachment& one) { return one.type == kDicomAttachment; });
  return found == attachments.end() ? nullptr : &*found;
}

bool is_same_file(const index::Resource& stored, const index::NewInstance& incoming) {
  const auto* old_file = dicom_attachment(stored.attachments);
  const auto* new_file = dicom_attachment(incoming.attachments);
  return old_file != nullptr && new_file != nullptr && old_file->content_md5 &&
         old_file->content_md5 == new_file->content_md5;
}

bool is_kept(const index::Resource& stored, const index::NewInstance& incoming, const Options& options) {
  if (options.overwrite_if_changed) {
    return is_same_file(stored, incoming);
  }
  return !options.overwrite_instances;
}

std::vector<Touched> ancestors(const index::Transaction& transaction, const index::Resource& instance) {
  std::vector<Touched> touched;
  index::ResourceId parent = instance.parent;
  while (parent != 0) {
    const auto resource = transaction.get(parent);
    if (!resource) {
      throw Error(HILUM_E_DATABASE, "a parent of instance " + instance.public_id.to_string() + " is missing");
    }
    touched.push_back({resource->id, resource->level, resource->public_id});
    parent = resource->parent;
  }
  return touched;
}

bool fits(const index::Totals& totals, const Options& options, uint64_t patients, uint64_t bytes) {
  const bool too_many =
      options.maximum_patient_count > 0 && totals.patients + patients > options.maximum_patient_count;
  const bool too_large =
      options.maximum_storage_size > 0 && totals.stored_size + bytes > options.maximum_storage_size;
  return !too_many && !too_large;
}

}  // namespace

void make_room(index::Transaction& transaction, const Options& options, std::optional<index::PublicId> except,
               uint64_t patients, uint64_t bytes, std::vector<index::BlobUuid>& removed) {
  while (!fits(transaction.totals(), options, patients, bytes)) {
    if (options.reject_when_full) {
      throw Error(HILUM_E_FULL_STORAGE, kHttpInsufficientStorage, status_facts(HILUM_E_FULL_STORAGE).message,
                  "the limit of the storage is reached and MaximumStorageMode is \"Reject\"");
    }
    const auto oldest = transaction.next_to_recycle(except);
    if (!oldest) {
      throw Error(HILUM_E_FULL_STORAGE, "Cannot recycle more patients");
    }
    log_info(LogCategory::kIndex, "recycling patient {}", oldest->public_id.to_string());
    const index::Removed gone = transaction.remove(*oldest);
    removed.insert(removed.end(), gone.blobs.begin(), gone.blobs.end());
  }
}

Applied apply_store(index::Transaction& transaction, const index::NewInstance& instance,
                    const Options& options, Outcome* outcome) {
  Applied applied;
  const auto stored = transaction.find(instance.ids[3]);
  if (stored && stored->level == Level::kInstance) {
    if (is_kept(*stored, instance, options)) {
      *outcome = Outcome::kAlreadyStored;
      applied.keep_blobs = false;
      return applied;
    }
    applied.removed = transaction.remove(*stored).blobs;
  }
  if (options.maximum_patient_count > 0 || options.maximum_storage_size > 0) {
    uint64_t bytes = 0;
    for (const index::Attachment& attachment : instance.attachments) {
      bytes += attachment.stored_size;
    }
    const uint64_t patients = transaction.find(instance.ids[0]) ? 0 : 1;
    make_room(transaction, options, instance.ids[0], patients, bytes, applied.removed);
  }
  const index::Resource added = transaction.add_instance(instance);
  applied.touched = ancestors(transaction, added);
  *outcome = Outcome::kStored;
  return applied;
}

Applied apply_stable(index::Transaction& transaction, const std::vector<Touched>& resources) {
  const int64_t now = index::now_ms();
  for (const Touched& resource : resources) {
    if (!transaction.get(resource.id)) {
      continue;
    }
    const auto type = resource.level == Level::kSeries  ? index::ChangeType::kStableSeries
                      : resource.level == Level::kStudy ? index::ChangeType::kStableStudy
                                                        : index::ChangeType::kStablePatient;
    transaction.log_change(type, resource.level, resource.id, resource.public_id, now);
  }
  return {};
}

}  // namespace hilum::ingest
