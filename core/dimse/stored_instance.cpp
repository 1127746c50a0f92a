#include "core/dimse/stored_instance.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <exception>

#include "core/base/log.h"

namespace hilum::dimse {
namespace {

constexpr int32_t kDicomFile = 1;  // HILUM_ATTACHMENT_DICOM

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
  content_.emplace(ingest.open(attachment), attachment, ingest.spool_directory());
  parsed_ = dicom::parse_file(content_->source());
}

}  // namespace hilum::dimse
