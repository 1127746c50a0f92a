// What a C-FIND identifier asks for (PS3.4 section C.4.1): level, constraints, keys to return.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <hilum/dicom/charset.h>
#include <hilum/dicom/main_tags.h>
#include <hilum/dicom/match.h>
#include <hilum/dicom/tag.h>

#include <optional>
#include <string>
#include <vector>

#include "core/dimse/server_options.h"
#include "core/index/query.h"

namespace hilum::dimse {

using dicom::Tag;

// What the meaning of a query depends on, besides itself.
struct FindRules {
  const dicom::MainTags& main_tags;
  std::string retrieve_aet;
  dicom::Encoding default_encoding = dicom::Encoding::Latin1;
  bool case_sensitive_pn = false;
  StorageAccess storage_access = StorageAccess::kAlways;
  std::string default_private_creator = {};  // of private tags whose block the query does not reserve
};

struct RequestedKey {
  Tag tag = 0;
  bool is_sequence = false;
  std::string private_creator;  // of private tags: as the query reserves their block
};

// A constraint on a tag that the index does not hold.
struct FileConstraint {
  Tag tag = 0;
  std::string private_creator;
  dicom::Matcher matcher;
};

struct FindQuery {
  index::Level level = index::Level::kStudy;
  std::string level_text;          // as received: the answers repeat it
  std::vector<RequestedKey> keys;  // ascending; without those that every answer has
  std::vector<index::Constraint> constraints;
  std::vector<FileConstraint> file_constraints;
  // Of `constraints`, those on tags that the configuration has added: files decide for older resources.
  std::vector<FileConstraint> added_constraints;
  bool is_impossible = false;  // some constraint can never be met
};

inline constexpr Tag kInstanceAvailability = 0x00080056;
inline constexpr Tag kRetrieveAeTitle = 0x00080054;
inline constexpr Tag kSopClassesInStudy = 0x00080062;
// (0020,1200) to (0020,1209): the counters NumberOf...Related...
constexpr bool is_counter(Tag tag) {
  return tag == 0x00201200 || tag == 0x00201202 || tag == 0x00201204 || tag == 0x00201206 ||
         tag == 0x00201208 || tag == 0x00201209;
}

// "PATIENT", "studies", "IMAGE"... in any case; nothing for other texts.
std::optional<index::Level> parse_level(std::string_view text);

// Throws Error: HILUM_E_BAD_REQUEST (level), HILUM_E_OUT_OF_RANGE (wildcards in a VR without).
FindQuery parse_find_query(DcmItem& identifier, const FindRules& rules);

// The creator that reserves the block of a private tag in this item; "" if there is none.
std::string private_creator_of(DcmItem& item, Tag tag);

}  // namespace hilum::dimse
