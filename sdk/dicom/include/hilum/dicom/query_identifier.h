// What an SCU asks another system for: the identifiers of C-FIND and C-MOVE requests (PS3.4 sections C.4.1.1.3, C.4.2.1.4).
#pragma once

#include <hilum/dicom/charset.h>
#include <hilum/dicom/main_tags.h>
#include <hilum/dicom/tag.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

class DcmDataset;

namespace hilum::dicom {

// Keys of a query and their values in UTF-8.
using QueryKeys = std::map<Tag, std::string>;

// "Patient", "studies", "IMAGE"...: any case, singular and plural.
std::optional<Level> parse_query_level(std::string_view text);
// Query/Retrieve Level (0008,0052): "PATIENT", "STUDY", "SERIES", "IMAGE".
const char* query_level_term(Level level);
// PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID.
Tag unique_key(Level level);

// What is sent for a C-FIND: `keys`, and empty ones for the identifiers of the level and above that are not among them, for
// whoever answers must send these. `normalize` leaves out what belongs to neither the level nor those above it, and rewrites wildcards for
// peers that cannot read them. `manufacturer`: the name of a kind of peers (DicomModalities), such as "GE".
QueryKeys find_keys(Level level, const QueryKeys& keys, bool normalize, std::string_view manufacturer);

// What is sent for a C-MOVE or C-GET: the identifiers of the level and above it. At the patient's level only PatientID, else without
// it. Throws HILUM_E_BAD_REQUEST, naming it, if one is absent or empty.
QueryKeys retrieve_keys(Level level, const QueryKeys& keys);

// The identifier in Explicit VR Little Endian, with its level (none: a worklist) and the character set `encoding`. Throws the errors of
// set_json_value() for values that the VR of their tag cannot hold.
std::string write_identifier(std::optional<Level> level, const QueryKeys& keys, Encoding encoding);
// A data set as an identifier.
std::string write_identifier(DcmDataset& data_set);

}  // namespace hilum::dicom
