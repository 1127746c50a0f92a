// DICOM tags as numbers, and their names.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcvr.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

class DcmTag;

namespace hilum::dicom {

// A tag as one number: group << 16 | element. Ordered as data sets order their elements.
using Tag = uint32_t;

constexpr Tag make_tag(uint16_t group, uint16_t element) { return (static_cast<Tag>(group) << 16) | element; }
constexpr uint16_t tag_group(Tag tag) { return static_cast<uint16_t>(tag >> 16); }
constexpr uint16_t tag_element(Tag tag) { return static_cast<uint16_t>(tag & 0xffff); }
constexpr bool is_private(Tag tag) { return (tag & 0x10000) != 0; }
// (gggg,0010-00ff) of an odd group: reserves a block for a private creator (PS3.5 section 7.8.1).
constexpr bool is_private_creator(Tag tag) {
  return is_private(tag) && tag_element(tag) >= 0x10 && tag_element(tag) <= 0xff;
}

inline constexpr Tag kSpecificCharacterSet = 0x00080005;
inline constexpr Tag kSopClassUid = 0x00080016;
inline constexpr Tag kSopInstanceUid = 0x00080018;
inline constexpr Tag kStudyDate = 0x00080020;
inline constexpr Tag kAccessionNumber = 0x00080050;
inline constexpr Tag kQueryRetrieveLevel = 0x00080052;
inline constexpr Tag kModality = 0x00080060;
inline constexpr Tag kPatientName = 0x00100010;
inline constexpr Tag kPatientId = 0x00100020;
inline constexpr Tag kPatientBirthDate = 0x00100030;
inline constexpr Tag kOtherPatientIds = 0x00101000;
inline constexpr Tag kStudyInstanceUid = 0x0020000d;
inline constexpr Tag kSeriesInstanceUid = 0x0020000e;
inline constexpr Tag kInstanceNumber = 0x00200013;
inline constexpr Tag kImageIndex = 0x00541330;
inline constexpr Tag kPixelData = 0x7fe00010;

// A tag written as keyword, `gggg,eeee`, `gggg-eeee` or `ggggeeee` (either case of hexadecimal digits).
std::optional<Tag> find_tag(std::string_view name);
// The same; throws Error(HILUM_E_UNKNOWN_TAG) that names the offender.
Tag parse_tag(std::string_view name);

// `gggg,eeee` (or with another separator; '\0' for none), lower-case hexadecimal.
std::string format_tag(Tag tag, char separator = ',');

// Keyword as the REST API shows it: dictionary keyword, `RETIRED_...`, `PrivateCreator`,
// `GenericGroupLength`, `PrivateGroupLength`, or `Unknown Tag & Data`. Private tags need their creator.
// Cached: fast, any thread.
std::string tag_name(Tag tag, std::string_view private_creator = {});

// VR by the dictionary (EVR_UN if not there; ambiguous ones are EVR_xs, EVR_ox, EVR_lt, EVR_na, EVR_up).
DcmEVR dictionary_vr(Tag tag, std::string_view private_creator = {});

// Two letters of a VR as files hold it ("PN"; "US" for EVR_xs...).
const char* vr_name(DcmEVR vr);

}  // namespace hilum::dicom
