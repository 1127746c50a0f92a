// The element structure of DICOM bytes, checked without building anything: the guard in front of DCMTK's
// recursive parser.
#pragma once

#include <hilum/dicom/byte_source.h>
#include <hilum/dicom/tag.h>
#include <hilum/dicom/transfer_syntax.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hilum::dicom {

// Sequences in sequences in sequences: more than this is refused (real data stays below 20).
inline constexpr int kMaximumNesting = 64;
// A deflated data set may not grow beyond this: in all, and before its Pixel Data (which DCMTK holds in
// memory).
inline constexpr uint64_t kMaximumInflatedSize = uint64_t{4} << 30;
inline constexpr uint64_t kMaximumInflatedHeader = uint64_t{256} << 20;

// What a scan found. Offsets count from the start of the source.
struct Structure {
  bool has_preamble = false;
  bool has_meta_header = false;
  uint64_t meta_header_offset = 0;  // 132 with preamble and "DICM", else 0
  uint64_t data_set_offset = 0;
  TransferSyntax syntax;
  std::string transfer_syntax;  // UID

  bool has_pixel_data = false;
  uint64_t pixel_data_offset = 0;             // of the tag; within the inflated data set if deflated
  char pixel_data_vr[3] = {0, 0, 0};          // as written; empty in implicit VR
  uint64_t pixel_value_offset = 0;            // first byte after tag, VR and length
  std::optional<uint64_t> pixel_data_length;  // none: a sequence of fragments

  // Begin and end of the elements of the top level that were asked for, in their order; neighbours are one range. Empty
  // if the data set is deflated.
  std::vector<std::pair<uint64_t, uint64_t>> wanted;
};

// Scan of a file; throws Error(HILUM_E_BAD_FORMAT). Time O(elements) (bytes if deflated), no memory to speak
// of.
Structure scan_file(const ByteSource& source, const std::vector<Tag>* wanted = nullptr);
// Scan of a bare data set in a known transfer syntax.
Structure scan_data_set(const ByteSource& source, const TransferSyntax& syntax);

}  // namespace hilum::dicom
