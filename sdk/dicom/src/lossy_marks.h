// What a data set says about pixels that have lost information (PS3.3 sections C.7.6.1.1.5 and C.12.4).
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>

#include <string>
#include <string_view>

namespace hilum::dicom {

struct LossyMarks {
  std::string_view transfer_syntax;  // of the new pixels
  int quality = 90;
  bool from_uncompressed = true;
  bool new_sop_instance_uid = true;
  std::string_view sop_instance_uid = {};  // that one; empty: one that nobody else has
};

// Marks the data set; the ratio is a placeholder. Returns the SOPInstanceUID that it has now.
std::string mark_lossy(DcmDataset& data_set, const LossyMarks& marks);

// Puts the ratio in the place of the placeholder: the data set keeps its length.
void set_lossy_ratio(DcmDataset& data_set, double ratio);

}  // namespace hilum::dicom
