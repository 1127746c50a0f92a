#include "statistics.h"

#include <hilum/dicom/json_writer.h>

namespace hilum::resources {

namespace {

// Bytes as text, for they may be too large for the numbers of JavaScript; whole megabytes as a number.
void write_size(dicom::JsonWriter& json, const std::string& name, uint64_t bytes) {
  json.member(name, std::to_string(bytes));
  json.member(name + "MB", bytes >> 20);
}

}  // namespace

// The keys follow the level of the id, whatever level the path names.
void get_statistics(Call& call) {
  Snapshot snapshot = call.services.index.snapshot();
  Resource resource = require(snapshot, call.id());
  hilum_statistics statistics = resource.statistics();
  std::string body;
  dicom::JsonWriter json(body);
  json.begin_object();
  if (resource.level() < HILUM_INSTANCE) json.member("CountInstances", statistics.instances);
  if (resource.level() < HILUM_SERIES) json.member("CountSeries", statistics.series);
  if (resource.level() < HILUM_STUDY) json.member("CountStudies", statistics.studies);
  write_size(json, "DicomDiskSize", statistics.dicom_stored_size);
  write_size(json, "DicomUncompressedSize", statistics.dicom_content_size);
  write_size(json, "DiskSize", statistics.stored_size);
  write_size(json, "UncompressedSize", statistics.content_size);
  json.end_object();
  call.answer.json(body);
}

}  // namespace hilum::resources
