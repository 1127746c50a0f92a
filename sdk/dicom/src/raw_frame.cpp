#include "raw_frame.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <hilum/cpp/error.h>

#include <cstring>

namespace hilum::dicom {
namespace {

std::string interleave(const std::string& planes, size_t samples, size_t size) {
  std::string out(planes.size(), '\0');
  const size_t plane = planes.size() / samples;
  for (size_t sample = 0; sample < samples; ++sample) {
    const char* from = planes.data() + sample * plane;
    char* to = out.data() + sample * size;
    for (size_t i = 0; i + size <= plane; i += size, to += samples * size) std::memcpy(to, from + i, size);
  }
  return out;
}

// Y Y Cb Cr for two pixels becomes Y Cb Cr, Y Cb Cr (PS3.3 section C.7.6.3.1.2).
std::string with_full_chroma(const std::string& pairs, size_t size) {
  std::string out;
  out.reserve(pairs.size() / 2 * 3);
  for (size_t i = 0; i + 4 * size <= pairs.size(); i += 4 * size) {
    for (size_t pixel = 0; pixel < 2; ++pixel) {
      out.append(pairs, i + pixel * size, size).append(pairs, i + 2 * size, 2 * size);
    }
  }
  return out;
}

void put(DcmItem& item, const DcmTagKey& tag, uint32_t value) {
  Uint16 old = 0;
  if (item.findAndGetUint16(tag, old).good() && old == value) return;
  if (item.putAndInsertUint16(tag, static_cast<Uint16>(value)).bad()) throw Error(HILUM_E_NO_MEMORY);
}

}  // namespace

DecodedFrame interleaved_frame(DecodedFrame frame) {
  PixelFormat& format = frame.format;
  const bool whole = format.bits_allocated == 8 || format.bits_allocated == 16 || format.bits_allocated == 32;
  if (!whole || format.samples_per_pixel > 4) {
    throw Error(HILUM_E_NOT_IMPLEMENTED, "pixels of " + std::to_string(format.samples_per_pixel) +
                                             " samples of " + std::to_string(format.bits_allocated) +
                                             " bits are not compressed");
  }
  const size_t size = format.bits_allocated / 8;
  if (format.is_subsampled() && (format.columns % 2 != 0 || format.is_planar)) {
    throw Error(HILUM_E_BAD_FORMAT, "YBR_FULL_422 with an odd number of columns, or in planes");
  }
  if (frame.pixels.size() < format.frame_size()) {
    throw Error(HILUM_E_BAD_FORMAT, "a frame of " + std::to_string(frame.pixels.size()) +
                                        " bytes instead of " + std::to_string(format.frame_size()));
  }
  frame.pixels.resize(static_cast<size_t>(format.frame_size()));
  if (format.is_subsampled()) {
    frame.pixels = with_full_chroma(frame.pixels, size);
    format.photometric = "YBR_FULL";
  } else if (format.is_planar) {
    frame.pixels = interleave(frame.pixels, format.samples_per_pixel, size);
    format.is_planar = false;
  }
  return frame;
}

void describe_pixels(DcmItem& data_set, const PixelFormat& format) {
  put(data_set, DCM_SamplesPerPixel, format.samples_per_pixel);
  put(data_set, DCM_BitsAllocated, format.bits_allocated);
  put(data_set, DCM_BitsStored, format.bits_stored);
  put(data_set, DCM_HighBit, format.high_bit);
  put(data_set, DCM_PixelRepresentation, format.is_signed ? 1 : 0);
  if (format.samples_per_pixel > 1) put(data_set, DCM_PlanarConfiguration, format.is_planar ? 1 : 0);
  OFString old;
  (void)data_set.findAndGetOFString(DCM_PhotometricInterpretation, old);
  if (!format.photometric.empty() && format.photometric != old.c_str()) {
    data_set.putAndInsertString(DCM_PhotometricInterpretation, format.photometric.c_str());
  }
}

}  // namespace hilum::dicom
