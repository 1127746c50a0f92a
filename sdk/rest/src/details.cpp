#include <hilum/rest/arguments.h>
#include <hilum/rest/details.h>
#include <hilum/rest/requested_tags.h>
#include <hilum/rest/series_status.h>
#include <hilum/rest/tag_values.h>

#include <array>
#include <map>

namespace hilum::rest {

namespace {

using dicom::JsonWriter;
using Metadata = std::map<int32_t, std::string>;

std::optional<std::string_view> response_content(const Request& request) {
  std::optional<std::string_view> list = request.query("response-content");
  return list ? list : request.query("responseContent");
}

DetailParts parse_parts(std::string_view list) {
  DetailParts parts;
  for (const std::string& item : split(list, ';')) add_detail_part(parts, item);
  return parts;
}

Metadata metadata_of(const Resource& resource) {
  Metadata metadata;
  resource.metadata([&](int32_t key, std::string_view value, int64_t) { metadata.emplace(key, value); });
  return metadata;
}

// One description, member by member in the order of their keys, which is bytewise.
class DetailWriter {
 public:
  DetailWriter(JsonWriter& json, const Services& services, const Snapshot& snapshot, const Resource& resource,
               const DetailOptions& options)
      : json_(json),
        services_(services),
        snapshot_(snapshot),
        resource_(resource),
        options_(options),
        parts_(options.parts),
        level_(level_info(resource.level())),
        metadata_(metadata_of(resource)) {}

  void write() {
    bool is_instance = level_.level == HILUM_INSTANCE;
    bool is_series = level_.level == HILUM_SERIES;
    std::vector<std::string> children;
    if (level_.children && (parts_.children || (is_series && parts_.status))) {
      resource_.descendants(level_below(level_.level),
                            [&](std::string_view id) { children.emplace_back(id); });
    }

    json_.begin_object();
    metadata_member("AnonymizedFrom", HILUM_METADATA_ANONYMIZED_FROM);
    if (parts_.attachments) attachments();
    if (is_series && parts_.status) {
      json_.key("ExpectedNumberOfInstances");
      number_or_null(HILUM_METADATA_EXPECTED_INSTANCES);
    }
    if (is_instance && parts_.usual_metadata) file_facts();
    json_.member("ID", resource_.id());
    if (is_instance && parts_.usual_metadata) {
      json_.key("IndexInSeries");
      number_or_null(HILUM_METADATA_INDEX_IN_SERIES);
    }
    children_if("Instances", children);
    if (level_.level == HILUM_PATIENT && parts_.is_protected) {
      json_.member("IsProtected", resource_.is_protected());
    }
    if (!is_instance && parts_.is_stable) json_.member("IsStable", resource_.is_stable());
    if (parts_.labels) {
      json_.key("Labels");
      array(resource_.labels());
    }
    if (!is_instance) metadata_member("LastUpdate", HILUM_METADATA_LAST_UPDATE);
    if (parts_.main_tags) tags("MainDicomTags", level_.level);
    if (parts_.metadata) all_metadata();
    metadata_member("ModifiedFrom", HILUM_METADATA_MODIFIED_FROM);
    if (level_.parent && parts_.parent) {
      json_.member(level_.parent, resource_.ancestor(level_above(level_.level)).id());
    }
    if (level_.level == HILUM_STUDY && parts_.main_tags) tags("PatientMainDicomTags", HILUM_PATIENT);
    if (options_.has_requested_tags) {
      json_.key("RequestedTags");
      requested_tag_values(services_, snapshot_, resource_, options_.requested_tags, options_.read_files)
          .write(json_, options_.format);
    }
    children_if("Series", children);
    if (is_series && parts_.status) {
      json_.member("Status", series_status(snapshot_, children, expected_number()));
    }
    children_if("Studies", children);
    json_.member("Type", level_.name);
    json_.end_object();
  }

 private:
  void metadata_member(const char* name, int32_t key) {
    auto found = metadata_.find(key);
    if (parts_.usual_metadata && found != metadata_.end()) json_.member(name, found->second);
  }
  std::optional<int64_t> number(int32_t key) const {
    auto found = metadata_.find(key);
    return found == metadata_.end() ? std::nullopt : parse_integer(found->second);
  }
  std::optional<int64_t> expected_number() const { return number(HILUM_METADATA_EXPECTED_INSTANCES); }
  void number_or_null(int32_t key) {
    if (std::optional<int64_t> value = number(key)) {
      json_.integer(*value);
    } else {
      json_.null();
    }
  }
  void array(const std::vector<std::string>& texts) {
    json_.begin_array();
    for (const std::string& text : texts) json_.string(text);
    json_.end_array();
  }
  void children_if(std::string_view key, const std::vector<std::string>& children) {
    if (!parts_.children || !level_.children || key != level_.children) return;
    json_.key(key);
    array(children);
  }
  void tags(const char* key, uint32_t of_level) {
    TagValues values;
    values.add_main_tags(resource_, of_level);
    json_.key(key);
    values.write(json_, options_.format);
  }
  void file_facts() {
    resource_.attachments([&](const hilum_attachment& attachment) {
      if (attachment.type != HILUM_ATTACHMENT_DICOM) return;
      json_.member("FileSize", attachment.content_size);
      json_.member("FileUuid", to_view(attachment.uuid));
    });
  }
  void attachments() {
    json_.key("Attachments");
    json_.begin_array();
    resource_.attachments([&](const hilum_attachment& attachment) {
      json_.begin_object();
      json_.member("CompressedMD5", to_view(attachment.stored_md5));
      json_.member("CompressedSize", attachment.stored_size);
      json_.member("ContentType", attachment.type);
      json_.member("UncompressedMD5", to_view(attachment.content_md5));
      json_.member("UncompressedSize", attachment.content_size);
      json_.member("Uuid", to_view(attachment.uuid));
      json_.end_object();
    });
    json_.end_array();
  }
  void all_metadata() {
    std::map<std::string, std::string_view> by_name;
    for (const auto& [key, value] : metadata_) by_name[services_.metadata_names.name_of(key)] = value;
    json_.key("Metadata");
    json_.begin_object();
    for (const auto& [name, value] : by_name) json_.member(name, value);
    json_.end_object();
  }

  JsonWriter& json_;
  const Services& services_;
  const Snapshot& snapshot_;
  const Resource& resource_;
  const DetailOptions& options_;
  const DetailParts& parts_;
  const LevelInfo& level_;
  Metadata metadata_;
};

}  // namespace

void add_detail_part(DetailParts& parts, std::string_view name) {
  struct Part {
    std::string_view name;
    bool DetailParts::*member;
  };
  static constexpr Part kParts[] = {
      {"MainDicomTags", &DetailParts::main_tags}, {"Children", &DetailParts::children},
      {"Parent", &DetailParts::parent},           {"Labels", &DetailParts::labels},
      {"IsStable", &DetailParts::is_stable},      {"Status", &DetailParts::status},
      {"Metadata", &DetailParts::metadata},       {"Attachments", &DetailParts::attachments},
      {"IsProtected", &DetailParts::is_protected}};
  if (name.empty() || name == "RequestedTags") return;
  for (const Part& part : kParts) {
    if (part.name == name) {
      parts.*part.member = true;
      return;
    }
  }
  throw Error(HILUM_E_OUT_OF_RANGE,
              "response-content knows MainDicomTags, Children, Parent, Labels, IsStable, Status, Metadata, "
              "Attachments, IsProtected and RequestedTags, but not \"" +
                  std::string(name.substr(0, 128)) + "\"");
}

bool has_response_content(const Request& request) { return response_content(request).has_value(); }

DetailOptions detail_options(const Request& request) {
  DetailOptions options;
  options.format = json_format(request, dicom::JsonFormat::Simplified);
  if (std::optional<std::string_view> list = response_content(request)) options.parts = parse_parts(*list);
  options.has_requested_tags = request.has_query("requested-tags") || request.has_query("requestedTags");
  options.requested_tags = requested_tags(request);
  return options;
}

void write_details(JsonWriter& json, const Services& services, const Snapshot& snapshot,
                   const Resource& resource, const DetailOptions& options) {
  DetailWriter(json, services, snapshot, resource, options).write();
}

}  // namespace hilum::rest
