// GET /system and GET /statistics.
#include <hilum/dicom/json_writer.h>

#include "tools.h"

namespace hilum::tools {

namespace {

using dicom::JsonWriter;

// The REST level that Hilum speaks, in the terms of the clients that ask for it: they switch features on by
// it.
constexpr const char* kRestVersion = "1.12.11";
constexpr int kApiVersion = 30;
// Layout of the tables that clients of this API know; Hilum's own format has a version of its own in the
// index.
constexpr int kDatabaseVersion = 6;

struct LevelName {
  uint32_t level;
  const char* name;
};
constexpr LevelName kLevels[] = {{HILUM_INSTANCE, "Instance"},
                                 {HILUM_PATIENT, "Patient"},
                                 {HILUM_SERIES, "Series"},
                                 {HILUM_STUDY, "Study"}};

// True only for what works: clients rely on it.
void write_capabilities(JsonWriter& json) {
  json.key("Capabilities");
  json.begin_object();
  json.member("HasExtendedChanges", true);  // plugin changes
  json.member("HasExtendedFind", true);
  json.member("HasKeyValueStores", false);
  json.member("HasQueues", false);
  json.member("HasReserveQueueValue", false);
  json.end_object();
}

}  // namespace

void Plugin::get_system(Request&, Answer& answer) const {
  uint32_t http_port = 0;
  uint32_t dicom_port = 0;
  server_.ports(host_.get(), &http_port, &dicom_port);
  auto known = std::atomic_load(&system_text_);
  if (!known || known->http_port != http_port || known->dicom_port != dicom_port) {
    known = std::make_shared<const SystemText>(
        SystemText{http_port, dicom_port, system_text(http_port, dicom_port)});
    std::atomic_store(&system_text_, known);
  }
  answer.json(known->text);
}

std::string Plugin::system_text(uint32_t http_port, uint32_t dicom_port) const {
  auto signature = [this](uint32_t level) {
    StringSink sink;
    host_.check(server_.main_tags_signature(host_.get(), level, sink.sink()));
    return std::move(sink.text());
  };
  StringSink database;
  host_.check(server_.database_identifier(host_.get(), database.sink()));

  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.member("ApiVersion", kApiVersion);
  write_capabilities(json);
  json.member("CheckRevisions", config_.boolean("CheckRevisions"));
  json.key("DatabaseBackendPlugin");
  json.null();
  json.member("DatabaseServerIdentifier", database.text());
  json.member("DatabaseVersion", kDatabaseVersion);
  json.member("DicomAet", config_.text("DicomAet"));
  json.member("DicomDefaultRetrieveMethod", config_.text("DicomDefaultRetrieveMethod"));
  json.member("DicomPort", dicom_port != 0 ? static_cast<int64_t>(dicom_port) : config_.integer("DicomPort"));
  json.member("HasLabels", true);
  json.member("HilumVersion", HILUM_VERSION);
  json.member("HttpPort", http_port);
  json.member("IngestTranscoding", config_.text("IngestTranscoding"));
  json.member("IsHttpServerSecure", server_.is_secure(host_.get()) != 0);
  json.key("MainDicomTags");
  json.begin_object();
  for (const auto& [level, name] : kLevels) json.member(name, signature(level));
  json.end_object();
  json.member("MaximumPatientCount", config_.integer("MaximumPatientCount"));
  json.member("MaximumStorageMode", config_.text("MaximumStorageMode"));
  json.member("MaximumStorageSize", config_.integer("MaximumStorageSize"));
  json.member("Name", config_.text("Name"));
  json.member("OverwriteInstances", config_.text("OverwriteInstances") != "Never");
  json.member("PatientLevelEnabled", true);
  json.member("PluginsEnabled", true);
  json.member("ReadOnly", false);
  json.member("Server", "Hilum");
  json.key("StorageAreaPlugin");
  json.null();
  json.member("StorageCompression", config_.boolean("StorageCompression"));
  json.key("UserMetadata");
  json.raw(config_.json("UserMetadata").value_or("{}"));
  json.member("Version", kRestVersion);
  json.end_object();
  return body;
}

void Plugin::get_statistics(Request&, Answer& answer) const {
  constexpr uint64_t kMegabyte = 1024 * 1024;
  const hilum_statistics totals = index_.snapshot().totals();
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.member("CountInstances", totals.instances);
  json.member("CountPatients", totals.patients);
  json.member("CountSeries", totals.series);
  json.member("CountStudies", totals.studies);
  json.member("TotalDiskSize", std::to_string(totals.stored_size));
  json.member("TotalDiskSizeMB", totals.stored_size / kMegabyte);
  json.member("TotalUncompressedSize", std::to_string(totals.content_size));
  json.member("TotalUncompressedSizeMB", totals.content_size / kMegabyte);
  json.end_object();
  answer.json(body);
}

}  // namespace hilum::tools
