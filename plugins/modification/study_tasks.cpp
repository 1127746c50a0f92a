#include "study_tasks.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <hilum/dicom/modules.h>
#include <hilum/dicom/text.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/stored_file.h>

#include <algorithm>

namespace hilum::modification {

namespace {

using dicom::Tag;

bool is_in_modules(Tag tag) {
  const auto contains = [&](dicom::Level level) {
    const std::vector<Tag>& tags = dicom::module_tags(level);
    return std::binary_search(tags.begin(), tags.end(), tag);
  };
  return tag != dicom::kStudyInstanceUid &&
         (contains(dicom::Level::Patient) || contains(dicom::Level::Study));
}

Tag split_tag(const std::string& name) {
  const Tag tag = dicom::parse_client_tag(name);
  if (is_in_modules(tag)) return tag;
  throw Error(HILUM_E_OUT_OF_RANGE,
              "Cannot modify the following tag while splitting a study (not in the patient/study modules): " +
                  dicom::tag_name(tag) + " (" + dicom::format_tag(tag) + ")");
}

Error unknown(const std::string& details) { return Error(HILUM_E_UNKNOWN_RESOURCE, details); }

void renew(DcmDataset& data_set, const dicom::Charset& charset, const Identifiers& identifiers) {
  const std::string series = dicom::text_of(data_set, dicom::kSeriesInstanceUid, charset).value_or("");
  const std::string instance = dicom::text_of(data_set, dicom::kSopInstanceUid, charset).value_or("");
  dicom::set_text(data_set, dicom::kSeriesInstanceUid, identifiers.uid(HILUM_SERIES, series), charset);
  dicom::set_text(data_set, dicom::kSopInstanceUid, identifiers.uid(HILUM_INSTANCE, instance), charset);
}

// The character set to write texts in. If the file's cannot hold them, the file becomes one in UTF-8.
dicom::Charset charset_for(const std::vector<std::pair<Tag, std::string>>& texts, DcmDataset& data_set,
                           dicom::Encoding otherwise) {
  const dicom::Charset charset = dicom::Charset::of(data_set, otherwise);
  const bool is_fine = std::all_of(texts.begin(), texts.end(), [&](const auto& entry) {
    return dicom::is_representable(Json::Value(entry.second), charset);
  });
  if (is_fine) return charset;
  dicom::change_charset(data_set, otherwise, dicom::specific_character_set(dicom::Encoding::Utf8));
  return dicom::Charset(dicom::Encoding::Utf8);
}

// Labels of the instance and of its series; those of study and patient stay with these.
void copy_labels(const Resource& source, const Chain& to, Batch& batch) {
  for (const std::string& label : source.labels()) batch.add_label(to[HILUM_INSTANCE], label);
  for (const std::string& label : source.ancestor(HILUM_SERIES).labels())
    batch.add_label(to[HILUM_SERIES], label);
}

Json::Value to_json(const std::vector<std::string>& texts) {
  Json::Value list(Json::arrayValue);
  for (const std::string& text : texts) list.append(text);
  return list;
}

std::vector<std::string> to_texts(const Json::Value& list) {
  std::vector<std::string> texts;
  for (const Json::Value& text : list) texts.push_back(text.asString());
  return texts;
}

}  // namespace

SplitTask::SplitTask(const Tools& tools, Options options, SplitRequest request)
    : BatchTask(tools, std::move(options)),
      request_(std::move(request)),
      keep_labels_(boolean_member(request_.body, "KeepLabels", false)),
      identifiers_(request_.seed),
      target_uid_(identifiers_.uid(HILUM_STUDY, request_.study)) {
  const Json::Value& body = request_.body;
  const auto removed =
      rest::string_list(body, "Remove", HILUM_E_BAD_FORMAT, "List of strings expected in field: Remove");
  for (const std::string& name : removed.value_or(std::vector<std::string>()))
    removed_.push_back(split_tag(name));
  if (!body.isMember("Replace")) return;
  const Json::Value& replaced = body["Replace"];
  const auto is_text = [](const Json::Value& value) { return value.isString(); };
  if (!replaced.isObject() || !std::all_of(replaced.begin(), replaced.end(), is_text)) {
    throw Error(HILUM_E_BAD_FORMAT, "Associative array of strings expected in field: Replace");
  }
  for (auto value = replaced.begin(); value != replaced.end(); ++value) {
    const Tag tag = split_tag(value.name());
    dicom::check_json_value(tag, *value);
    replaced_.emplace_back(tag, value->asString());
  }
}

void SplitTask::prepare(const Snapshot& snapshot) {
  if (!snapshot.find(request_.study, HILUM_STUDY)) {
    throw unknown("Cannot split unknown study " + request_.study.substr(0, 64));
  }
  const auto add = [&](const std::string& id, hilum_level level, const char* what) {
    const Resource resource = rest::require(snapshot, id);
    if (resource.level() != level || resource.ancestor(HILUM_STUDY).id() != request_.study) {
      throw unknown(std::string("This ") + what + " does not belong to the study to be split: " + id);
    }
    add_sources(resource);
  };
  for (const std::string& id : request_.series) add(id, HILUM_SERIES, "series");
  for (const std::string& id : request_.instances) add(id, HILUM_INSTANCE, "instance");
}

void SplitTask::edit(dicom::EditedFile& file, const Chain&) {
  DcmDataset& data_set = file.data_set();
  const dicom::Charset charset = charset_for(replaced_, data_set, tools().services.default_encoding());
  for (const Tag tag : removed_) dicom::remove_element(data_set, tag);
  for (const auto& [tag, value] : replaced_)
    dicom::set_json_value(data_set, tag, Json::Value(value), charset);
  dicom::set_text(data_set, dicom::kStudyInstanceUid, target_uid_, charset);
  renew(data_set, charset, identifiers_);
}

void SplitTask::added(const Resource& source, const Chain&, const Chain& to, Batch& batch) {
  target_ = to[HILUM_STUDY];
  if (keep_labels_) copy_labels(source, to, batch);
}

void SplitTask::write_content(dicom::JsonWriter& json, bool is_done) const {
  json.member("Description", "REST API");
  json.member("FailedInstancesCount", failed());
  json.member("InstancesCount", uint64_t{instances().size()});
  if (is_done && !target_.empty()) json.member("TargetStudy", target_);
  json.member("TargetStudyUID", target_uid_);
}

Json::Value SplitTask::save_request() const {
  Json::Value saved;
  saved["Study"] = request_.study;
  saved["Series"] = to_json(request_.series);
  saved["Instances"] = to_json(request_.instances);
  saved["Body"] = request_.body;
  saved["Seed"] = request_.seed;
  return saved;
}

std::unique_ptr<JobTask> SplitTask::load(const Tools& tools, std::string_view text) {
  const std::optional<Json::Value> saved = rest::parse_json(text);
  if (!saved || !saved->isObject()) return nullptr;
  SplitRequest request{(*saved)["Study"].asString(), to_texts((*saved)["Series"]),
                       to_texts((*saved)["Instances"]), (*saved)["Body"], (*saved)["Seed"].asString()};
  return std::make_unique<SplitTask>(tools, read_options(*saved), std::move(request));
}

MergeTask::MergeTask(const Tools& tools, Options options, MergeRequest request)
    : BatchTask(tools, std::move(options)), request_(std::move(request)), identifiers_(request_.seed) {}

void MergeTask::prepare(const Snapshot& snapshot) {
  const std::optional<Resource> target = snapshot.find(request_.study, HILUM_STUDY);
  if (!target) throw unknown("Cannot merge into an unknown study: " + request_.study.substr(0, 64));
  for (const std::string& id : request_.resources) {
    const std::optional<Resource> resource = snapshot.find(id);
    if (!resource) throw unknown("Cannot find this resource: " + id.substr(0, 64));
    if (resource->level() == HILUM_PATIENT) {
      throw unknown("This resource is neither a study, nor a series, nor an instance: " + id +
                    " is a Patient");
    }
    if (id == request_.study) throw unknown("Cannot merge a study into the same study: " + id);
    if (resource->level() != HILUM_STUDY && resource->ancestor(HILUM_STUDY).id() == request_.study) {
      throw unknown(std::string("Cannot merge ") +
                    (resource->level() == HILUM_SERIES ? "series " : "instance ") + id +
                    " into its parent study " + request_.study);
    }
    add_sources(*resource);
  }
  target_tags_.clear();
  const std::optional<Resource> instance = rest::first_instance(snapshot, *target);
  if (!instance) throw unknown("Cannot merge into an empty study: " + request_.study);
  rest::StoredFile file(tools().services, *instance);
  const dicom::ParsedInstance header = file.parse_header();
  const dicom::Charset charset = dicom::Charset::of(header.data_set(), tools().services.default_encoding());
  for (const dicom::Level level : {dicom::Level::Patient, dicom::Level::Study}) {
    for (const Tag tag : dicom::module_tags(level)) {
      if (auto text = dicom::text_of(header.data_set(), tag, charset))
        target_tags_.emplace_back(tag, std::move(*text));
    }
  }
}

void MergeTask::edit(dicom::EditedFile& file, const Chain&) {
  DcmDataset& data_set = file.data_set();
  // The patient must stay one patient, whatever the files' character sets are.
  const dicom::Charset charset = charset_for(target_tags_, data_set, tools().services.default_encoding());
  for (const dicom::Level level : {dicom::Level::Patient, dicom::Level::Study}) {
    for (const Tag tag : dicom::module_tags(level)) dicom::remove_element(data_set, tag);
  }
  for (const auto& [tag, value] : target_tags_) {
    dicom::set_json_value(data_set, tag, Json::Value(value), charset);
  }
  renew(data_set, charset, identifiers_);
}

void MergeTask::added(const Resource& source, const Chain&, const Chain& to, Batch& batch) {
  if (request_.keep_labels) copy_labels(source, to, batch);
}

void MergeTask::write_content(dicom::JsonWriter& json, bool) const {
  json.member("Description", "REST API");
  json.member("FailedInstancesCount", failed());
  json.member("InstancesCount", uint64_t{instances().size()});
  json.member("TargetStudy", request_.study);
}

Json::Value MergeTask::save_request() const {
  Json::Value saved;
  saved["Study"] = request_.study;
  saved["Sources"] = to_json(request_.resources);
  saved["KeepLabels"] = request_.keep_labels;
  saved["Seed"] = request_.seed;
  return saved;
}

std::unique_ptr<JobTask> MergeTask::load(const Tools& tools, std::string_view text) {
  const std::optional<Json::Value> saved = rest::parse_json(text);
  if (!saved || !saved->isObject()) return nullptr;
  MergeRequest request{(*saved)["Study"].asString(), to_texts((*saved)["Sources"]),
                       (*saved)["KeepLabels"].asBool(), (*saved)["Seed"].asString()};
  return std::make_unique<MergeTask>(tools, read_options(*saved), std::move(request));
}

}  // namespace hilum::modification
