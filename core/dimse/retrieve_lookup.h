// Which resources a C-MOVE or C-GET identifier means (PS3.4 sections C.4.2.1.4 and C.4.3.1.3).
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <hilum/dicom/charset.h>

#include <functional>
#include <vector>

#include "core/index/snapshot.h"

namespace hilum::dimse {

struct RetrieveRules {
  dicom::Encoding default_encoding = dicom::Encoding::Latin1;
  bool needs_level = false;    // of C-GET; C-MOVE tries the keys from the instance upwards
  bool needs_matches = false;  // of C-GET: every item of a list must match something
};

struct RetrievedResource {
  index::ResourceId id = 0;
  index::Level level = index::Level::kPatient;
  index::PublicId public_id;
};

// The resources, all of one level, each once. `go_on` is asked during long searches: false ends it. Keys: PatientID; AccessionNumber
// if it has a value, else StudyInstanceUID; SeriesInstanceUID; SOPInstanceUID. Lists with '\', no wildcards; hierarchical keys
// are not needed and other keys do not count. Throws Error(HILUM_E_BAD_REQUEST, HILUM_E_UNKNOWN_RESOURCE) with what is missing: the result
// is never empty.
std::vector<RetrievedResource> look_up_resources(DcmItem& identifier, const index::Snapshot& snapshot,
                                                 const RetrieveRules& rules,
                                                 const std::function<bool()>& go_on);

struct InstanceReference {
  index::ResourceId id = 0;
  index::PublicId public_id;
};

// All instances of the resources.
std::vector<InstanceReference> instances_of(const std::vector<RetrievedResource>& resources,
                                            const index::Snapshot& snapshot);

}  // namespace hilum::dimse
