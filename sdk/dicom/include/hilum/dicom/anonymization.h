// The Basic Application Confidentiality Profile (PS3.15 table E.1-1), as tables of tags.
#pragma once

#include <hilum/dicom/tag.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace hilum::dicom {

// Editions of the standard whose tables are known.
enum class AnonymizationEdition : uint8_t { E2008 = 0, E2017c = 1, E2021b = 2, E2023b = 3 };

std::optional<AnonymizationEdition> find_anonymization_edition(std::string_view name);  // "2023b"
const char* anonymization_edition_name(AnonymizationEdition edition);
// What DeidentificationMethod says of it: "PS 3.15-2023b Table E.1-1 Basic Profile".
const char* anonymization_method(AnonymizationEdition edition);

enum class AnonymizationRule : uint8_t {
  Keep,
  Remove,  // X, X/Z, X/D, X/Z/D of the table
  Empty,   // Z, D, Z/D: no dummy value is made up
  MapUid,  // U
};

// What the edition says of a tag, whatever the depth at which it stands. PatientName, PatientID and the instance UIDs of
// study, series and SOP are not part of the tables: what becomes of them is the caller's. Any thread, about 20 ns.
AnonymizationRule anonymization_rule(AnonymizationEdition edition, Tag tag);

}  // namespace hilum::dicom
