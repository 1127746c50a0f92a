#include "core/index/reader.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>

#include <algorithm>

#include "core/index/schema.h"
#include "core/index/utc_time.h"

namespace hilum::index {

std::optional<Location> read_location(const Reader& reader, const PublicId& id) {
  std::string value;
  return reader.get(public_id_key(id), &value) ? std::optional<Location>(decode_location(value))
                                               : std::nullopt;
}

std::optional<Resource> read_resource(const Reader& reader, ResourceId id) {
  std::string value;
  return reader.get(record_key(id), &value) ? std::optional<Resource>(decode_resource(id, value))
                                            : std::nullopt;
}

Resource need_resource(const Reader& reader, ResourceId id) {
  std::optional<Resource> resource = read_resource(reader, id);
  if (!resource) {
    throw Error(HILUM_E_CORRUPTED,
                fmt::format("the index is damaged: resource {} has no record; run `hilum index check`", id));
  }
  return *std::move(resource);
}

std::optional<Metadata> read_metadata(const Reader& reader, const Resource& resource, int32_t key) {
  std::string value;
  if (reader.get(metadata_key(resource.id, key), &value)) {
    return decode_metadata(key, value);
  }
  const auto it = std::find_if(resource.system_metadata.begin(), resource.system_metadata.end(),
                               [&](const Metadata& metadata) { return metadata.key == key; });
  return it == resource.system_metadata.end() ? std::nullopt : std::optional<Metadata>(*it);
}

std::vector<Metadata> read_all_metadata(const Reader& reader, const Resource& resource) {
  std::vector<Metadata> all;
  const std::string prefix = id_prefix(key::kMetadata, resource.id);
  reader.scan(prefix, prefix, [&](std::string_view key, std::string_view value) {
    if (const auto parsed = parse_metadata_key(key)) {
      all.push_back(decode_metadata(static_cast<int32_t>(parsed->second), value));
    }
    return true;
  });
  const size_t set_later = all.size();
  for (const Metadata& metadata : resource.system_metadata) {
    const auto same = [&](const Metadata& other) { return other.key == metadata.key; };
    if (std::none_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(set_later), same)) {
      all.push_back(metadata);
    }
  }
  std::sort(all.begin(), all.end(), [](const Metadata& a, const Metadata& b) { return a.key < b.key; });
  return all;
}

std::optional<Metadata> last_update_metadata(const Counters& counters) {
  if (counters.last_update_ms == 0) {
    return std::nullopt;
  }
  return Metadata{kLastUpdate, 0, format_utc(counters.last_update_ms)};
}

Counters read_counters(const Reader& reader, const Resource& resource) {
  if (resource.level == Level::kInstance) {
    return sizes_of(resource.attachments);
  }
  std::string value;
  if (!reader.get(counters_key(resource.id), &value)) {
    throw Error(HILUM_E_CORRUPTED,
                fmt::format("the index is damaged: resource {} has no counters; run `hilum index check`",
                            resource.id));
  }
  return decode_counters(value);
}

PatientState read_patient_state(const Reader& reader, ResourceId patient) {
  std::string value;
  return reader.get(patient_state_key(patient), &value) ? decode_patient_state(value) : PatientState{};
}

std::vector<std::string> read_labels(const Reader& reader, ResourceId id) {
  std::vector<std::string> labels;
  const std::string prefix = id_prefix(key::kLabelOf, id);
  reader.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    labels.emplace_back(parse_label_of_key(key).value_or(""));
    return true;
  });
  return labels;
}

std::vector<ResourceId> read_children(const Reader& reader, ResourceId parent) {
  std::vector<ResourceId> children;
  const std::string prefix = id_prefix(key::kChild, parent);
  reader.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    if (const auto parsed = parse_child_key(key)) {
      children.push_back(parsed->child);
    }
    return true;
  });
  return children;
}

Counters sizes_of(const Attachment& attachment) {
  Counters sizes;
  sizes.stored_size = attachment.stored_size;
  sizes.content_size = attachment.content_size;
  if (attachment.type == kDicomAttachment) {
    sizes.dicom_stored_size = attachment.stored_size;
    sizes.dicom_content_size = attachment.content_size;
  }
  return sizes;
}

Counters sizes_of(const std::vector<Attachment>& attachments) {
  Counters sizes;
  for (const Attachment& attachment : attachments) {
    add(sizes, sizes_of(attachment));
  }
  return sizes;
}

void add(Counters& to, const Counters& what) {
  to.studies += what.studies;
  to.series += what.series;
  to.instances += what.instances;
  to.stored_size += what.stored_size;
  to.content_size += what.content_size;
  to.dicom_stored_size += what.dicom_stored_size;
  to.dicom_content_size += what.dicom_content_size;
}

void subtract(Counters& from, const Counters& what) {
  from.studies -= what.studies;
  from.series -= what.series;
  from.instances -= what.instances;
  from.stored_size -= what.stored_size;
  from.content_size -= what.content_size;
  from.dicom_stored_size -= what.dicom_stored_size;
  from.dicom_content_size -= what.dicom_content_size;
}

}  // namespace hilum::index
