#include "modify_task.h"

#include <hilum/dicom/main_tags.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/level.h>

namespace hilum::modification {

namespace {

// Longer lists would outgrow what a job may show.
constexpr size_t kMostListed = 10000;

int default_quality(const Tools& tools) {
  return static_cast<int>(tools.services.config.integer("DicomLossyTranscodingQuality"));
}

void write_resource(dicom::JsonWriter& json, const std::string& id, hilum_level level, bool with_path) {
  const rest::LevelInfo& info = rest::level_info(level);
  json.begin_object();
  json.member("ID", id);
  if (with_path) json.member("Path", std::string("/") + info.plural + "/" + id);
  json.member("Type", info.name);
  json.end_object();
}

}  // namespace

ModifyTask::ModifyTask(const Tools& tools, Options options, ModifyRequest request)
    : BatchTask(tools, std::move(options)),
      request_(std::move(request)),
      rules_([&] {
        Rules rules =
            parse_rules(request_.body, request_.kind, tools.services.config.text("DefaultPrivateCreator"));
        if (request_.kind == Kind::Modify && request_.level) set_level(rules, *request_.level);
        return rules;
      }()),
      transcoding_(read_transcoding(request_.body, default_quality(tools), HILUM_E_BAD_FORMAT)),
      keep_labels_(boolean_member(request_.body, "KeepLabels", false)) {
  check_in_place();
}

// Results that take the place of their sources: what was said must fit together.
void ModifyTask::check_in_place() const {
  const bool keeps_all = rules_.keeps(dicom::kStudyInstanceUid) && rules_.keeps(dicom::kSeriesInstanceUid) &&
                         rules_.keeps(dicom::kSopInstanceUid) && !rules_.replaces(dicom::kPatientId);
  if (rules_.kind != Kind::Modify || !keeps_all) return;
  if (!options().keep_source) {
    throw Error(
        HILUM_E_BAD_REQUEST,
        "When keeping StudyInstanceUID, SeriesInstanceUID and SOPInstanceUID, set \"KeepSource\" to true: what is "
        "modified would be deleted");
  }
  if (!tools().overwrites()) {
    throw Error(
        HILUM_E_BAD_REQUEST,
        "Keeping StudyInstanceUID, SeriesInstanceUID and SOPInstanceUID needs the option \"OverwriteInstances\"");
  }
}

void ModifyTask::prepare(const Snapshot& snapshot) {
  sources_.clear();
  for (const std::string& id : request_.resources) {
    const Resource resource = rest::require(snapshot, id);
    sources_.emplace_back(id, static_cast<hilum_level>(resource.level()));
    if (resource.level() == HILUM_STUDY) check_patient(resource, snapshot);
    add_sources(resource);
  }
  modifier_.emplace(rules_, request_.seed, request_.patient_name, tools().services.default_encoding());
}

// A study that joins a patient must not say something else of him than his other studies do.
void ModifyTask::check_patient(const Resource& study, const Snapshot& snapshot) const {
  if (rules_.kind != Kind::Modify || rules_.level != HILUM_STUDY) return;
  static const dicom::MainTags kMainTags;
  bool replaces_some = false;
  for (const dicom::Tag tag : kMainTags.tags(dicom::Level::Patient)) replaces_some |= rules_.replaces(tag);
  if (!replaces_some) return;
  const auto replaced_id = rules_.replaced.find(dicom::kPatientId);
  const std::string patient_id =
      replaced_id == rules_.replaced.end()
          ? std::string(study.ancestor(HILUM_PATIENT).id())
          : dicom::PublicId::hash_of(replaced_id->second.isString() ? replaced_id->second.asString() : "")
                .to_string();
  const std::optional<Resource> patient = snapshot.find(patient_id, HILUM_PATIENT);
  if (!patient) return;
  bool has_others = false;
  patient->descendants(HILUM_STUDY, [&](std::string_view id) { has_others |= id != study.id(); });
  if (!has_others) return;
  const auto refuse = [](dicom::Tag tag) {
    throw Error(
        HILUM_E_BAD_REQUEST,
        "The patient has other studies, and these changes would make them differ: replace all tags of the patient "
        "by what they are in the other studies, or modify the patient. Failing tag: " +
            dicom::format_tag(tag));
  };
  std::set<dicom::Tag> known;
  patient->tags(HILUM_PATIENT, [&](hilum_tag tag, bool, std::string_view value) {
    known.insert(tag);
    if (tag == dicom::kPatientId) return;
    const auto replaced = rules_.replaced.find(tag);
    if (replaced == rules_.replaced.end() || !replaced->second.isString() ||
        replaced->second.asString() != value) {
      refuse(tag);
    }
  });
  for (const dicom::Tag tag : kMainTags.tags(dicom::Level::Patient)) {
    if (rules_.replaces(tag) && known.count(tag) == 0) refuse(tag);
  }
}

void ModifyTask::edit(dicom::EditedFile& file, const Chain&) { modifier_->apply(file); }

void ModifyTask::added(const Resource& source, const Chain& from, const Chain& to, Batch& batch) {
  if (!first_) first_ = to;
  const int32_t key =
      rules_.kind == Kind::Modify ? HILUM_METADATA_MODIFIED_FROM : HILUM_METADATA_ANONYMIZED_FROM;
  batch.set_metadata(to[HILUM_INSTANCE], key, from[HILUM_INSTANCE]);
  for (const hilum_level level : {HILUM_PATIENT, HILUM_STUDY, HILUM_SERIES, HILUM_INSTANCE}) {
    results_[level - HILUM_PATIENT].insert(to[level]);
    if (level != HILUM_INSTANCE && to[level] != from[level] && described_.insert(to[level]).second) {
      batch.set_metadata(to[level], key, from[level]);
    }
  }
  if (keep_labels_) copy_labels(source, to, batch);
}

void ModifyTask::copy_labels(const Resource& source, const Chain& to, Batch& batch) const {
  for (const std::string& label : source.labels()) batch.add_label(to[HILUM_INSTANCE], label);
  for (const hilum_level level : {HILUM_PATIENT, HILUM_STUDY, HILUM_SERIES}) {
    for (const std::string& label : source.ancestor(level).labels()) batch.add_label(to[level], label);
  }
}

void ModifyTask::write_content(dicom::JsonWriter& json, bool is_done) const {
  const bool has_result = is_done && first_ && !request_.is_bulk;
  const hilum_level level = request_.level.value_or(HILUM_PATIENT);
  json.member("Description", "REST API");
  json.member("FailedInstancesCount", failed());
  if (has_result) json.member("ID", (*first_)[level]);
  json.member("InstancesCount", uint64_t{instances().size()});
  json.member("IsAnonymization", rules_.kind == Kind::Anonymize);
  json.key("ParentResources");
  json.begin_array();
  if (sources_.size() <= kMostListed) {
    for (const auto& [id, own_level] : sources_) json.string(id);
  }
  json.end_array();
  if (has_result) {
    json.member("Path", std::string("/") + rest::level_info(level).plural + "/" + (*first_)[level]);
    json.member("PatientID", (*first_)[HILUM_PATIENT]);
  }
  json.key("Resources");
  json.begin_array();
  if (!request_.is_bulk) {
    for (const auto& [id, own_level] : sources_) write_resource(json, id, own_level, false);
  } else if (is_done) {
    write_results(json);
  }
  json.end_array();
  if (!transcoding_.syntax.empty()) json.member("Transcode", transcoding_.syntax);
  if (has_result) json.member("Type", rest::level_info(level).name);
}

void ModifyTask::write_results(dicom::JsonWriter& json) const {
  size_t listed = 0;
  for (const hilum_level level : {HILUM_INSTANCE, HILUM_SERIES, HILUM_STUDY, HILUM_PATIENT}) {
    const std::set<std::string>& ids = results_[level - HILUM_PATIENT];
    if (listed + ids.size() > kMostListed) continue;
    listed += ids.size();
    for (const std::string& id : ids) write_resource(json, id, level, true);
  }
}

// What is kept on purpose has old tags in the index, which the modified files no longer have.
void ModifyTask::committed() {
  if (rules_.kind != Kind::Modify) return;
  if (!rules_.keeps(dicom::kStudyInstanceUid) && !rules_.keeps(dicom::kSeriesInstanceUid)) return;
  std::set<std::string> stale = results_[HILUM_SERIES - HILUM_PATIENT];
  if (stale.empty()) stale.insert(request_.resources.begin(), request_.resources.end());  // after a restart
  for (const std::string& id : stale) {
    try {
      tools().ingest.reconstruct(id, false, false);
    } catch (const Error& error) {
      tools().log.warning("the main tags of " + id + " are not read again: " + error.what());
    }
  }
}

void ModifyTask::begin_again() {
  modifier_.reset();
  first_.reset();
  for (std::set<std::string>& ids : results_) ids.clear();
  described_.clear();
}

Json::Value ModifyTask::save_request() const {
  Json::Value saved;
  saved["Anonymize"] = request_.kind == Kind::Anonymize;
  saved["Bulk"] = request_.is_bulk;
  if (request_.level) saved["RouteLevel"] = static_cast<int>(*request_.level);
  saved["Sources"] = Json::Value(Json::arrayValue);
  for (const std::string& id : request_.resources) saved["Sources"].append(id);
  saved["Body"] = request_.body;
  saved["Seed"] = request_.seed;
  saved["PatientName"] = request_.patient_name;
  return saved;
}

std::unique_ptr<JobTask> ModifyTask::load(const Tools& tools, std::string_view text) {
  const std::optional<Json::Value> saved = rest::parse_json(text);
  if (!saved || !saved->isObject()) return nullptr;
  ModifyRequest request;
  request.kind = (*saved)["Anonymize"].asBool() ? Kind::Anonymize : Kind::Modify;
  request.is_bulk = (*saved)["Bulk"].asBool();
  if (saved->isMember("RouteLevel")) request.level = static_cast<hilum_level>((*saved)["RouteLevel"].asInt());
  for (const Json::Value& id : (*saved)["Sources"]) request.resources.push_back(id.asString());
  request.body = (*saved)["Body"];
  request.seed = (*saved)["Seed"].asString();
  request.patient_name = (*saved)["PatientName"].asString();
  return std::make_unique<ModifyTask>(tools, read_options(*saved), std::move(request));
}

}  // namespace hilum::modification
