#include "frame_item.h"

#include <dcmtk/dcmdata/dcdeftag.h>

namespace hilum::codecs {

void describe_frame(const dicom::PixelFormat& format, DcmItem& item) {
  const auto put = [&](const DcmTagKey& tag, uint32_t value) {
    item.putAndInsertUint16(tag, static_cast<Uint16>(value));
  };
  put(DCM_Rows, format.rows);
  put(DCM_Columns, format.columns);
  put(DCM_SamplesPerPixel, format.samples_per_pixel);
  put(DCM_BitsAllocated, format.bits_allocated);
  put(DCM_BitsStored, format.bits_stored);
  put(DCM_HighBit, format.high_bit);
  put(DCM_PixelRepresentation, format.is_signed ? 1 : 0);
  if (format.samples_per_pixel > 1) put(DCM_PlanarConfiguration, 0);
  item.putAndInsertString(DCM_PhotometricInterpretation, format.photometric.c_str());
}

}  // namespace hilum::codecs
