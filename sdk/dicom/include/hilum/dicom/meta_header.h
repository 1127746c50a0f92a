// File meta information in front of a data set that came without (PS3.10 section 7.1).
#pragma once

#include <string>
#include <string_view>

namespace hilum::dicom {

// Hilum's implementation class UID, derived from a UUID (PS3.5 annex B.2), and version name.
inline constexpr std::string_view kImplementationClassUid = "2.25.203718666589728132858486150924717585903";
inline constexpr std::string_view kImplementationVersionName = "HILUM_0_1_0";

struct MetaHeader {
  std::string_view sop_class_uid;
  std::string_view sop_instance_uid;
  std::string_view transfer_syntax;
  std::string_view source_ae_title;  // "" leaves the element out
};

// Preamble, "DICM" and group 0002, to be put in front of the data set's bytes. About 0.5 us. Values that are
// too long for their VR (UI 64, AE 16) are refused with Error(HILUM_E_BAD_FORMAT).
std::string meta_header(const MetaHeader& values);

}  // namespace hilum::dicom
