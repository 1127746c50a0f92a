#include "core/ingest/prepare.h"

#include <hilum/cpp/error.h>
#include <hilum/dicom/normalize.h>
#include <hilum/dicom/text.h>
#include <hilum/dicom/transfer_syntax.h>
#include <hilum/index.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/index/utc_time.h"
#include "core/ingest/content.h"
#include "core/ingest/description.h"

namespace hilum::ingest {
namespace {

using dicom::make_tag;
using index::Level;
using index::Metadata;

constexpr dicom::Tag kImagesInAcquisition = make_tag(0x0020, 0x1002);
constexpr dicom::Tag kNumberOfTemporalPositions = make_tag(0x0020, 0x0105);
constexpr dicom::Tag kNumberOfSlices = make_tag(0x0054, 0x0081);
constexpr dicom::Tag kNumberOfTimeSlices = make_tag(0x0054, 0x0101);
constexpr dicom::Tag kCardiacNumberOfImages = make_tag(0x0018, 0x1090);
constexpr dicom::Tag kBitsAllocated = make_tag(0x0028, 0x0100);
// The header of a file is held in memory to make the attachment of it; longer ones go without.
constexpr uint64_t kLongestHeader = 16ull << 20;

const char* name_of(OriginKind kind) {
  switch (kind) {
    case OriginKind::kDicomProtocol:
      return "DicomProtocol";
    case OriginKind::kRestApi:
      return "RestApi";
    case OriginKind::kPlugins:
      return "Plugins";
    case OriginKind::kLua:
      return "Lua";
    case OriginKind::kWebDav:
      return "WebDav";
    case OriginKind::kUnknown:
      break;
  }
  return "Unknown";
}

// Reads values of one data set.
class Reader {
 public:
  Reader(DcmDataset& data_set, dicom::Encoding encoding)
      : data_set_(data_set), charset_(dicom::Charset::of(data_set, encoding)) {}

  const dicom::Charset& charset() const { return charset_; }
  std::optional<std::string> text(dicom::Tag tag) const {
    auto value = dicom::text_of(data_set_, tag, charset_);
    return value ? std::optional<std::string>(dicom::strip_spaces(*value)) : std::nullopt;
  }
  std::optional<int64_t> number(dicom::Tag tag) const {
    const auto value = text(tag);
    int64_t number = 0;
    if (!value || value->empty()) {
      return std::nullopt;
    }
    const char* begin = value->data() + (value->front() == '+' ? 1 : 0);
    const char* end = value->data() + value->size();
    const auto parsed = std::from_chars(begin, end, number);
    return parsed.ec == std::errc() && parsed.ptr == end ? std::optional<int64_t>(number) : std::nullopt;
  }

 private:
  DcmDataset& data_set_;
  dicom::Charset charset_;
};

// The product if both are there and it is a positive number.
std::optional<int64_t> product(const Reader& reader, dicom::Tag a, dicom::Tag b) {
  const auto first = reader.number(a), second = reader.number(b);
  constexpr int64_t kLimit = std::numeric_limits<int32_t>::max();
  if (!first || !second || *first <= 0 || *second <= 0 || *first > kLimit || *second > kLimit) {
    return std::nullopt;
  }
  return *first * *second;
}

// How many instances the series will have, if the first one tells (rest reference, 3.3).
std::optional<int64_t> expected_instances(const Reader& reader) {
  const auto both = [&](dicom::Tag a, dicom::Tag b) {
    return reader.text(a).has_value() && reader.text(b).has_value();
  };
  if (both(kImagesInAcquisition, kNumberOfTemporalPositions)) {
    return product(reader, kImagesInAcquisition, kNumberOfTemporalPositions);
  }
  if (both(kNumberOfSlices, kNumberOfTimeSlices)) {
    return product(reader, kNumberOfSlices, kNumberOfTimeSlices);
  }
  const auto images = reader.number(kCardiacNumberOfImages);
  return images && *images > 0 ? images : std::nullopt;
}

// Main tags that are sequences, as the metadata MainDicomSequences holds them.
std::optional<std::string> sequences_json(const index::TagValues& tags) {
  std::string json;
  for (const dicom::TagValue& value : tags) {
    if (value.is_json) {
      json +=
          (json.empty() ? "{\"Sequences\":{\"" : ",\"") + dicom::format_tag(value.tag) + "\":" + value.value;
    }
  }
  return json.empty() ? std::nullopt : std::optional<std::string>(json + "},\"Version\":1}");
}

// What the VR of Pixel Data should be (PS3.5, 8.1.2, 8.2 and annex A).
DcmEVR usual_pixel_vr(const dicom::ParsedInstance& parsed, const Reader& reader) {
  const auto syntax = dicom::find_transfer_syntax(parsed.transfer_syntax);
  if (syntax && syntax->encapsulated) {
    return EVR_OB;
  }
  if (!syntax || !syntax->explicit_vr || syntax->big_endian) {
    return EVR_OW;
  }
  return reader.number(kBitsAllocated).value_or(8) > 8 ? EVR_OW : EVR_OB;
}

void add_pixel_metadata(const dicom::ParsedInstance& parsed, const Reader& reader,
                        std::vector<Metadata>& list) {
  if (!parsed.has_pixel_data) {
    return;
  }
  if (parsed.pixel_data_offset) {
    list.push_back({HILUM_METADATA_PIXEL_DATA_OFFSET, 0, std::to_string(*parsed.pixel_data_offset)});
  }
  const DcmEVR vr = parsed.pixel_data_vr;
  if ((vr == EVR_OB || vr == EVR_OW) && vr != usual_pixel_vr(parsed, reader)) {
    list.push_back({HILUM_METADATA_PIXEL_DATA_VR, 0, dicom::vr_name(vr)});
  }
}

void add_tag_metadata(const index::TagValues& tags, Level level, const Options& options,
                      std::vector<Metadata>& list) {
  list.push_back(
      {HILUM_METADATA_MAIN_TAGS_SIGNATURE, 0, options.main_tags.signature(index::dicom_level(level))});
  if (auto sequences = sequences_json(tags)) {
    list.push_back({HILUM_METADATA_MAIN_SEQUENCES, 0, std::move(*sequences)});
  }
}

void sort_by_key(std::vector<Metadata>& list) {
  std::sort(list.begin(), list.end(), [](const Metadata& a, const Metadata& b) { return a.key < b.key; });
}

void add_origin(const Origin& origin, std::vector<Metadata>& list) {
  list.push_back({HILUM_METADATA_REMOTE_AET, 0, origin.remote_aet});
  list.push_back({HILUM_METADATA_ORIGIN, 0, name_of(origin.kind)});
  if (!origin.remote_ip.empty()) {
    list.push_back({HILUM_METADATA_REMOTE_IP, 0, origin.remote_ip});
  }
  if (origin.kind == OriginKind::kDicomProtocol) {
    list.push_back({HILUM_METADATA_CALLED_AET, 0, origin.called_aet});
  }
  if (origin.kind == OriginKind::kRestApi || origin.kind == OriginKind::kWebDav) {
    list.push_back({HILUM_METADATA_HTTP_USERNAME, 0, origin.user});
  }
}

}  // namespace

std::pair<index::Attachment, std::unique_ptr<storage::StagedBlob>> Stager::stage(int32_t type,
                                                                                 Bytes&& content,
                                                                                 bool compressed,
                                                                                 Waiting waiting) const {
  OwnedBytes owned(std::move(content));
  index::Attachment attachment;
  attachment.type = type;
  attachment.compressed = compressed;
  attachment.content_size = size_of(owned.view());
  if (md5_) {
    attachment.content_md5 = owned.view().md5 ? *owned.view().md5 : md5_of(owned.view());
    attachment.stored_md5 = attachment.content_md5;
  }
  if (compressed) {
    owned = OwnedBytes(compress(owned.view(), blobs_.spool_directory()));
    if (md5_) {
      attachment.stored_md5 = md5_of(owned.view());
    }
  }
  attachment.stored_size = size_of(owned.view());
  Bytes stored = owned.release();
  auto blob = stored.fd >= 0 ? blobs_.stage_file(stored.fd, stored.size)
                             : blobs_.stage(std::move(stored.memory), waiting);
  attachment.uuid = blob->uuid();
  return {attachment, std::move(blob)};
}

std::vector<Metadata> derived_metadata(const dicom::ParsedInstance& parsed,
                                       const index::NewInstance& instance, Level level,
                                       const Options& options) {
  std::vector<Metadata> list;
  add_tag_metadata(instance.tags[static_cast<size_t>(level) - 1], level, options, list);
  if (level != Level::kInstance) {
    return list;
  }
  const Reader reader(parsed.data_set(), options.default_encoding);
  list.push_back({HILUM_METADATA_TRANSFER_SYNTAX, 0, parsed.transfer_syntax});
  if (!parsed.sop_class.empty()) {
    list.push_back({HILUM_METADATA_SOP_CLASS, 0, parsed.sop_class});
  }
  auto index = reader.text(dicom::kInstanceNumber);
  index = index ? index : reader.text(dicom::kImageIndex);
  if (index) {
    list.push_back({HILUM_METADATA_INDEX_IN_SERIES, 0, std::move(*index)});
  }
  add_pixel_metadata(parsed, reader, list);
  sort_by_key(list);
  return list;
}

std::vector<dicom::Tag> identity_tags(const Options& options) {
  std::vector<dicom::Tag> tags{dicom::kSpecificCharacterSet,
                               dicom::kSopClassUid,
                               dicom::kPatientId,
                               dicom::kStudyInstanceUid,
                               dicom::kSeriesInstanceUid,
                               dicom::kSopInstanceUid,
                               dicom::kInstanceNumber,
                               dicom::kImageIndex,
                               kImagesInAcquisition,
                               kNumberOfTemporalPositions,
                               kNumberOfSlices,
                               kNumberOfTimeSlices,
                               kCardiacNumberOfImages,
                               kBitsAllocated};
  for (const Level level : index::kLevels) {
    const auto& of_level = options.main_tags.tags(index::dicom_level(level));
    tags.insert(tags.end(), of_level.begin(), of_level.end());
  }
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  return tags;
}

index::NewInstance describe_instance(const dicom::ParsedInstance& parsed, const Origin& origin,
                                     const Options& options, int64_t reception_ms) {
  DcmDataset& data_set = parsed.data_set();
  const dicom::Identifiers identifiers = dicom::identifiers_of(data_set, options.default_encoding);
  const Reader reader(data_set, options.default_encoding);
  index::NewInstance instance;
  instance.ids = {identifiers.patient(), identifiers.study(), identifiers.series(), identifiers.instance()};
  for (const Level level : index::kLevels) {
    const size_t i = static_cast<size_t>(level) - 1;
    instance.tags[i] = options.main_tags.extract(data_set, index::dicom_level(level), reader.charset());
  }
  for (const Level level : {Level::kPatient, Level::kStudy, Level::kSeries}) {
    instance.parent_metadata[static_cast<size_t>(level) - 1] =
        derived_metadata(parsed, instance, level, options);
  }
  instance.instance_metadata = derived_metadata(parsed, instance, Level::kInstance, options);
  instance.instance_metadata.push_back({HILUM_METADATA_RECEPTION_DATE, 0, index::format_utc(reception_ms)});
  add_origin(origin, instance.instance_metadata);
  sort_by_key(instance.instance_metadata);
  instance.series_metadata.push_back({HILUM_METADATA_REMOTE_AET, 0, origin.remote_aet});
  if (const auto expected = expected_instances(reader)) {
    instance.series_metadata.push_back({HILUM_METADATA_EXPECTED_INSTANCES, 0, std::to_string(*expected)});
  }
  instance.reception_ms = reception_ms;
  return instance;
}

std::vector<std::unique_ptr<storage::StagedBlob>> stage_instance(const Stager& stager, Bytes&& bytes,
                                                                 const dicom::ParsedInstance& parsed,
                                                                 const Options& options,
                                                                 index::NewInstance& instance,
                                                                 Stager::Waiting waiting) {
  std::vector<std::unique_ptr<storage::StagedBlob>> blobs;
  Bytes header;
  const bool wants_header = options.compression && parsed.pixel_data_offset.value_or(0) > 0 &&
                            *parsed.pixel_data_offset <= kLongestHeader;
  if (wants_header) {
    header.memory = source_of(bytes).copy(0, *parsed.pixel_data_offset);
  }
  const auto add = [&](int32_t type, Bytes&& content) {
    auto [attachment, blob] = stager.stage(type, std::move(content), options.compression, waiting);
    Description description;
    description.attachment = attachment;
    description.owner.emplace(Level::kInstance, instance.ids[3]);
    if (type == kDicomAttachment) {
      description.instance_metadata = instance.instance_metadata;
      description.series_metadata = instance.series_metadata;
      description.reception_ms = instance.reception_ms;
    }
    blob->describe(encode(description));
    instance.attachments.push_back(attachment);
    blobs.push_back(std::move(blob));
  };
  add(kDicomAttachment, std::move(bytes));
  if (wants_header) {
    add(kHeaderAttachment, std::move(header));
  }
  return blobs;
}

}  // namespace hilum::ingest
