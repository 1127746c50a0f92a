// What a JPEG 2000 codestream says about itself before it is decoded (ISO/IEC 15444-1 annex A): enough to know how
// much memory its decoding takes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hilum::jpeg2000 {

// Bytes of a codestream. In DICOM it stands alone (PS3.5 section 8.2.4); boxes of a JP2 file around it are left out.
struct Codestream {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

// The marker segments SIZ, COD and COC of the main header and of all tile-part headers.
struct CodestreamHeader {
  uint32_t rows = 0;
  uint32_t columns = 0;
  uint32_t components = 0;
  uint32_t precision = 0;      // bits of a sample
  bool is_signed = false;      // of the samples in the stream
  bool has_transform = false;  // components 0 to 2 are decorrelated (RCT or ICT); decoding makes them RGB
  uint32_t layers = 0;         // of quality, the most of all tiles
  uint32_t resolutions = 0;    // the most of all tiles and components
  uint64_t tiles = 0;
  uint64_t tile_samples = 0;   // of the largest tile, all components
  uint64_t smallest_cell = 0;  // pixels of the smallest precinct or code block that a tile may be cut into
};

// Throws Error(HILUM_E_BAD_FORMAT).
Codestream find_codestream(const uint8_t* data, size_t size);
// Throws Error(HILUM_E_BAD_FORMAT): cut off, broken, or with components that differ in size, bits or sign.
CodestreamHeader read_codestream_header(const Codestream& stream);

}  // namespace hilum::jpeg2000
