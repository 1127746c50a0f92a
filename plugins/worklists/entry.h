// One entry of a worklist: its bytes, and its texts ready to be matched.
#pragma once

#include <hilum/dicom/charset.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/worklist_match.h>

#include <memory>
#include <string>

namespace hilum::worklists {

// Larger files are no worklist entries.
inline constexpr size_t kLargestEntry = 8u << 20;

// Immutable; any thread.
struct Entry {
  std::string id;
  std::string file;  // a DICOM file
  std::string study_instance_uid;
  dicom::WorklistItem item;

  // Anew, for whoever needs DCMTK's objects.
  dicom::ParsedInstance parse() const;
};
using EntryPointer = std::shared_ptr<const Entry>;

// Throws HILUM_E_BAD_FORMAT for what is no DICOM file.
EntryPointer make_entry(std::string id, std::string file, dicom::Encoding default_encoding);

}  // namespace hilum::worklists
