// The few elements that DCMTK's codec classes ask a data set for.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <hilum/dicom/pixels.h>

namespace hilum::codecs {

// Describes one interleaved frame.
void describe_frame(const dicom::PixelFormat& format, DcmItem& item);

}  // namespace hilum::codecs
