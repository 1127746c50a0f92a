// Values of the index's keys as bytes. Decoding trusts nothing: a damaged database file gives an Error, never
// undefined behaviour or a huge allocation.
//
// A record starts with its format version, so that a later version can read old records one by one. Numbers
// are varints, tags are differences to the tag before.
#pragma once

#include <string>
#include <string_view>

#include "core/index/types.h"

namespace hilum::index {

inline constexpr uint8_t kRecordVersion = 1;
inline constexpr uint8_t kExportVersion = 1;

std::string encode_resource(const Resource& resource);  // all but `id`, which stands in the key
std::string encode_counters(const Counters& counters);
std::string encode_totals(const Totals& totals);
std::string encode_metadata(const Metadata& metadata);  // all but `key`
struct StoredChange {
  Change change;
  ResourceId id = 0;
};
std::string encode_change(const StoredChange& change);  // all but the sequence
std::string encode_export(const Export& row);           // all but the sequence
std::string encode_number(uint64_t number);             // 8 bytes
std::string encode_varint(uint64_t number);
struct PatientState {
  bool is_protected = false;
  uint64_t order = 0;  // 0: not in the recycling order
};
std::string encode_patient_state(const PatientState& state);
struct Location {
  ResourceId id = 0;
  Level level = Level::kPatient;
};
std::string encode_location(const Location& location);

// These throw HILUM_E_CORRUPTED if the bytes are not exactly one such value, and
// HILUM_E_INCOMPATIBLE_DATABASE for a record of a later version.
Resource decode_resource(ResourceId id, std::string_view bytes);
Counters decode_counters(std::string_view bytes);
Totals decode_totals(std::string_view bytes);
Metadata decode_metadata(int32_t key, std::string_view bytes);
StoredChange decode_change(int64_t sequence, std::string_view bytes);
Export decode_export(int64_t sequence, std::string_view bytes);
uint64_t decode_number(std::string_view bytes);
uint64_t decode_varint(std::string_view bytes);
PatientState decode_patient_state(std::string_view bytes);
Location decode_location(std::string_view bytes);
PublicId decode_public_id(std::string_view bytes);

}  // namespace hilum::index
