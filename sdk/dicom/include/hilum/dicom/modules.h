// The tags of the patient, study, series and instance modules (PS3.3 sections C.7.1 to C.7.3, C.12.1).
#pragma once

#include <hilum/dicom/main_tags.h>

#include <vector>

namespace hilum::dicom {

// Sorted; for JsonOptions::only.
const std::vector<Tag>& module_tags(Level level);

}  // namespace hilum::dicom
