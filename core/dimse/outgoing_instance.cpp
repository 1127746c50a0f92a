#include "core/dimse/outgoing_instance.h"

#include <dcmtk/dcmdata/dcdeftag.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/normalize.h>
#include <hilum/dicom/parse.h>
#include <hilum/index.h>

#include <algorithm>
#include <cstring>

#include "core/base/bytes.h"
#include "core/index/query.h"

namespace hilum::dimse {
namespace {

constexpr int32_t kDicomFile = 1;  // HILUM_ATTACHMENT_DICOM

std::string metadata_of(const index::Resource& instance, int32_t key) {
  for (const index::Metadata& metadata : instance.system_metadata) {
    if (metadata.key == key) {
      return metadata.value;
    }
  }
  return {};
}

}  // namespace

std::optional<uint64_t> data_set_offset(const dicom::ByteSource& file) {
  constexpr size_t kHead = 144;  // preamble, "DICM", (0002,0000)
  char head[kHead];
  if (file.read(0, head, sizeof head) != sizeof head ||
      std::memcmp(head + 128, "DICM\x02\0\0\0UL\x04\0", 12) != 0) {
    return std::nullopt;
  }
  const uint64_t offset = kHead + uint64_t{load_le<uint32_t>(head + 140)};
  // The next element must be of another group, as long as there is one: group lengths may lie.
  char next[2];
  if (offset + sizeof next > file.size() || file.read(offset, next, sizeof next) != sizeof next ||
      load_le<uint16_t>(next) <= 2) {
    return std::nullopt;
  }
  return offset;
}

OutgoingInstance::OutgoingInstance(const ingest::Ingest& ingest, const index::Attachment& attachment)
    : spool_directory_(ingest.spool_directory()) {
  content_.emplace(ingest.open(attachment), attachment, spool_directory_);
}

std::unique_ptr<OutgoingInstance> OutgoingInstance::of_file(const dicom::ByteSource& file,
                                                            std::string spool_directory) {
  std::unique_ptr<OutgoingInstance> outgoing(new OutgoingInstance(file, std::move(spool_directory)));
  outgoing->ask_file();
  return outgoing;
}

std::unique_ptr<OutgoingInstance> OutgoingInstance::open(const ingest::Ingest& ingest,
                                                         const index::Resource& instance) {
  const auto attachment =
      std::find_if(instance.attachments.begin(), instance.attachments.end(),
                   [](const index::Attachment& candidate) { return candidate.type == kDicomFile; });
  if (attachment == instance.attachments.end()) {
    return nullptr;
  }
  std::unique_ptr<OutgoingInstance> outgoing(new OutgoingInstance(ingest, *attachment));
  outgoing->find_data_set(instance);
  return outgoing;
}

void OutgoingInstance::find_data_set(const index::Resource& instance) {
  sop_class_ = metadata_of(instance, HILUM_METADATA_SOP_CLASS);
  transfer_syntax_ = metadata_of(instance, HILUM_METADATA_TRANSFER_SYNTAX);
  if (const dicom::TagValue* uid = index::find_tag_value(instance.tags, dicom::kSopInstanceUid)) {
    sop_instance_ = uid->value;
  }
  const std::optional<uint64_t> offset = data_set_offset(source());
  if (offset && !sop_class_.empty() && !sop_instance_.empty() && !transfer_syntax_.empty()) {
    data_set_offset_ = *offset;
    return;
  }
  ask_file();  // a file without meta header, or an index that does not know
}

void OutgoingInstance::ask_file() {
  const std::vector<dicom::Tag> identity{dicom::kSopClassUid, dicom::kSopInstanceUid};
  dicom::ParseOptions options;
  options.only = &identity;
  const dicom::ParsedInstance parsed = dicom::parse_file(source(), options);
  OFString uid;
  parsed.data_set().findAndGetOFString(DCM_SOPInstanceUID, uid);
  sop_class_ = parsed.sop_class;
  sop_instance_ = dicom::strip_spaces({uid.c_str(), uid.size()});
  transfer_syntax_ = parsed.transfer_syntax;
  data_set_offset_ = parsed.data_set_offset;
}

void OutgoingInstance::transcode(const std::string& to, const dicom::FrameCodecs& codecs, int lossy_quality) {
  auto output = std::make_unique<dicom::SpooledOutput>(spool_directory_);
  dicom::TranscodeOptions options;
  options.lossy_quality = lossy_quality;
  const dicom::Transcoded made = dicom::Transcoder(codecs).transcode(source(), to, options, *output);
  const std::optional<uint64_t> offset = data_set_offset(output->source());
  if (!offset) {
    throw Error(HILUM_E_INTERNAL, "a transcoded file has no meta header");
  }
  transcoded_ = std::move(output);
  data_set_offset_ = *offset;
  transfer_syntax_ = to;
  sop_instance_ = made.sop_instance_uid;
}

}  // namespace hilum::dimse
