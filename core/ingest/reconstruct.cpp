#include "core/ingest/reconstruct.h"

#include <hilum/cpp/error.h>
#include <hilum/index.h>

#include <algorithm>

#include "core/ingest/content.h"
#include "core/ingest/description.h"
#include "core/ingest/prepare.h"

namespace hilum::ingest {
namespace {

using index::Level;

const index::Attachment* find_attachment(const index::Resource& resource, int32_t type) {
  for (const index::Attachment& attachment : resource.attachments) {
    if (attachment.type == type) {
      return &attachment;
    }
  }
  return nullptr;
}

// One instance, with what its file says now.
class Reconstruction {
 public:
  Reconstruction(Ingest& ingest, const Stager& stager, index::Resource instance)
      : ingest_(ingest), stager_(stager), instance_(std::move(instance)), file_(need_file()) {
    content_ = std::make_unique<OpenContent>(ingest_.open(file_), file_, ingest_.spool_directory());
    parsed_ = dicom::parse_file(content_->source());
    described_ = describe_instance(parsed_, Origin{}, ingest_.options(), 0);
  }

  // `level` absent: the instance and all its ancestors.
  void write(std::optional<Level> level, bool files) {
    Ingest::Change change;
    std::vector<index::Attachment> attachments;
    if (files) {
      attachments = stage_files(change);
    }
    change.owner.emplace(Level::kInstance, instance_.public_id);
    change.apply = [&](index::Transaction& transaction) { return apply(transaction, level, attachments); };
    ingest_.change(std::move(change));
  }

 private:
  index::Attachment need_file() const {
    const index::Attachment* file = find_attachment(instance_, kDicomAttachment);
    if (file == nullptr) {
      throw Error(HILUM_E_CORRUPTED, "instance " + instance_.public_id.to_string() + " has no DICOM file");
    }
    return *file;
  }

  // The file and its header in the form that the configuration asks for now, unless they are so already.
  std::vector<index::Attachment> stage_files(Ingest::Change& change) {
    std::vector<index::Attachment> attachments;
    if (file_.compressed == ingest_.options().compression) {
      return attachments;
    }
    const index::Snapshot snapshot = ingest_.snapshot();
    described_.instance_metadata = snapshot.metadata(instance_);
    for (const index::Metadata& metadata : snapshot.metadata(snapshot.ancestor(instance_, Level::kSeries))) {
      if (metadata.key == HILUM_METADATA_REMOTE_AET || metadata.key == HILUM_METADATA_EXPECTED_INSTANCES) {
        described_.series_metadata.push_back(metadata);
      }
    }
    change.blobs = stage_instance(stager_, content_->copy(ingest_.spool_directory()), parsed_,
                                  ingest_.options(), described_);
    return described_.attachments;
  }

  std::vector<index::BlobUuid> apply(index::Transaction& transaction, std::optional<Level> level,
                                     const std::vector<index::Attachment>& attachments) const {
    std::vector<index::BlobUuid> removed;
    std::optional<index::Resource> resource = transaction.get(instance_.id);
    if (!resource) {
      return uuids_of(attachments);
    }
    if (!attachments.empty()) {
      replace_files(transaction, *resource, attachments, removed);
    }
    for (; resource; resource = transaction.get(resource->parent)) {
      if (!level || *level == resource->level) {
        set_tags(transaction, *resource);
      }
      if (resource->parent == 0) {
        break;
      }
    }
    return removed;
  }

  // Deleted meanwhile: nothing to do, but what was staged must not stay.
  static std::vector<index::BlobUuid> uuids_of(const std::vector<index::Attachment>& attachments) {
    std::vector<index::BlobUuid> uuids;
    for (const index::Attachment& attachment : attachments) {
      uuids.push_back(attachment.uuid);
    }
    return uuids;
  }

  void replace_files(index::Transaction& transaction, const index::Resource& resource,
                     const std::vector<index::Attachment>& attachments,
                     std::vector<index::BlobUuid>& removed) const {
    for (const int32_t type : {kDicomAttachment, kHeaderAttachment}) {
      if (const index::Attachment* old = find_attachment(resource, type)) {
        removed.push_back(old->uuid);
        transaction.erase_attachment(resource, type);
      }
    }
    for (const index::Attachment& attachment : attachments) {
      transaction.set_attachment(resource, attachment, false);
    }
  }

  void set_tags(index::Transaction& transaction, const index::Resource& resource) const {
    const auto& tags = described_.tags[static_cast<size_t>(resource.level) - 1];
    std::optional<index::TagValues> patient_tags;
    if (resource.level == Level::kStudy) {
      patient_tags = described_.tags[0];
    }
    transaction.set_tags(resource, tags, patient_tags,
                         derived_metadata(parsed_, described_, resource.level, ingest_.options()));
  }

  Ingest& ingest_;
  const Stager& stager_;
  const index::Resource instance_;
  const index::Attachment file_;
  std::unique_ptr<OpenContent> content_;
  dicom::ParsedInstance parsed_;
  index::NewInstance described_;
};

void reconstruct_instance(Ingest& ingest, const Stager& stager, index::ResourceId number,
                          std::optional<Level> level, bool files) {
  constexpr int kAttempts = 5;
  for (int attempt = 1;; ++attempt) {
    auto instance = ingest.snapshot().get(number);
    if (!instance) {
      return;  // deleted meanwhile
    }
    try {
      Reconstruction(ingest, stager, std::move(*instance)).write(level, files);
      return;
    } catch (const Error& error) {
      if (error.code() != HILUM_E_UNKNOWN_RESOURCE || attempt == kAttempts) {
        throw;  // else its file was deleted or replaced meanwhile
      }
    }
  }
}

}  // namespace

void reconstruct(Ingest& ingest, const Stager& stager, const PublicId& id, bool files, bool only_own_level) {
  std::vector<index::ResourceId> instances;
  std::optional<Level> level;
  {
    const index::Snapshot snapshot = ingest.snapshot();
    const auto resource = snapshot.find(id);
    if (!resource) {
      throw Error(HILUM_E_UNKNOWN_RESOURCE, "there is no resource " + id.to_string());
    }
    if (only_own_level) {
      level = resource->level;
    }
    if (resource->level == Level::kInstance) {
      instances.push_back(resource->id);
    } else {
      snapshot.descendants(*resource, Level::kInstance, [&](index::ResourceId instance, const PublicId&) {
        instances.push_back(instance);
        return true;
      });
    }
  }
  for (const index::ResourceId number : instances) {
    reconstruct_instance(ingest, stager, number, level, files);
  }
}

}  // namespace hilum::ingest
