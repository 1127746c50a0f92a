// Values of the object index that other rooms read and write.
#pragma once

#include <hilum/dicom/identity.h>
#include <hilum/dicom/main_tags.h>
#include <hilum/dicom/tag.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hilum::index {

using dicom::PublicId;
using dicom::Tag;

// Levels of the DICOM information model (PS3.3 section 7); the numbers are those of hilum/abi.h and of the
// keys on disk.
enum class Level : uint8_t { kPatient = 1, kStudy = 2, kSeries = 3, kInstance = 4 };
inline dicom::Level dicom_level(Level level) {
  return static_cast<dicom::Level>(static_cast<uint8_t>(level) - 1);
}
inline constexpr std::array<Level, 4> kLevels{Level::kPatient, Level::kStudy, Level::kSeries,
                                              Level::kInstance};

// Internal number of a resource: never reused, ascending in the order of creation over all levels.
using ResourceId = uint64_t;

// 16 bytes of a UUID version 7 (RFC 9562): ascending in time, so that blob keys arrive in order.
using BlobUuid = std::array<uint8_t, 16>;

// Main DICOM tags of a resource, ascending: UTF-8 text, or the items of a sequence as JSON in the full form.
using TagValues = std::vector<dicom::TagValue>;

struct Metadata {
  int32_t key = 0;
  int64_t revision = 0;
  std::string value;
};

struct Attachment {
  int32_t type = 0;
  int64_t revision = 0;
  BlobUuid uuid{};
  uint64_t content_size = 0;
  uint64_t stored_size = 0;
  bool compressed = false;  // 8-byte little-endian content size, then a zlib stream
  std::optional<std::array<uint8_t, 16>> content_md5;  // absent with StoreMD5ForAttachments = false
  std::optional<std::array<uint8_t, 16>> stored_md5;   // equal to content_md5 if not compressed
};

// What is below a resource, itself included for the sizes. Kept in one small key per patient, study and
// series.
struct Counters {
  uint64_t studies = 0, series = 0, instances = 0;
  uint64_t stored_size = 0, content_size = 0;              // all attachments, those of users included
  uint64_t dicom_stored_size = 0, dicom_content_size = 0;  // attachments of type 1
  int64_t last_update_ms = 0;  // metadata LastUpdate: the last instance added or removed
};

struct Totals {
  uint64_t patients = 0, studies = 0, series = 0, instances = 0;
  uint64_t stored_size = 0, content_size = 0;
};

// The record of one resource. Written when the resource is created and by reconstruct and changes of
// attachments; never rewritten because a child arrived.
struct Resource {
  ResourceId id = 0;
  Level level = Level::kPatient;
  PublicId public_id;
  ResourceId parent = 0;                  // 0 for patients
  int64_t creation_sequence = 0;          // of the change that announced it; 0: none
  TagValues tags;                         // of its own level
  TagValues patient_tags;                 // studies only: the study's own copy of the patient's tags
  std::vector<Metadata> system_metadata;  // keys < 1024, ascending, without LastUpdate (see Counters)
  std::vector<Attachment> attachments;    // ascending by type
};

// Types of changes and events; the numbers are those of hilum/events.h.
enum class ChangeType : uint16_t {
  kCompletedSeries = 1,
  kNewInstance = 2,
  kNewPatient = 3,
  kNewSeries = 4,
  kNewStudy = 5,
  kStablePatient = 12,
  kStableStudy = 13,
  kStableSeries = 14,
  kUpdatedAttachment = 15,
  kUpdatedMetadata = 16,
  kDeleted = 4096,  // from here on: never in the change log
  kNewChildInstance = 4097,
  kServerStarted = 8192,
  kServerStopping = 8193,
};
inline bool is_logged(ChangeType type) { return static_cast<uint16_t>(type) < 4096; }

// One row of the log of exports: a resource that was sent to a remote destination.
struct Export {
  int64_t sequence = 0;
  Level level = Level::kInstance;
  PublicId resource;
  int64_t time_ms = 0;
  std::string remote;  // symbolic name of the destination
  // PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID; empty below the level.
  std::array<std::string, 4> identifiers;
};

struct Change {
  int64_t sequence = 0;  // 0 if not logged
  ChangeType type = ChangeType::kNewInstance;
  Level level = Level::kInstance;
  PublicId resource;
  int64_t time_ms = 0;
};

}  // namespace hilum::index
