// Reading DICOM files and bare data sets, safe on whatever bytes arrive.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <hilum/dicom/byte_source.h>
#include <hilum/dicom/tag.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::dicom {

struct ParseOptions {
  // false: stop at Pixel Data (7fe0,0010) of the top level, which is then not in the data set; the rest of
  // the file has been checked for truncation all the same. true: everything. Values over 64 KB of a file (not
  // of memory) stay on disk until DCMTK needs them; ParsedInstance then holds a duplicate of the descriptor.
  bool whole = false;
  // Ascending tags: the data set then holds these elements of the top level and no others (the rest has been checked as
  // usual), and the meta header is left empty. Several times faster; for files only, without effect on deflated ones and
  // together with `whole`; elements over 1 MB in all make it read everything. Must outlive the call.
  const std::vector<Tag>* only = nullptr;
};

// What reading found. Owns the DCMTK objects; movable. DCMTK objects are not thread-safe, not even for
// reading: use one ParsedInstance from one thread at a time.
struct ParsedInstance {
  std::unique_ptr<DcmFileFormat> file;  // meta header (empty if there was none) and data set
  std::string transfer_syntax;          // UID, from the meta header or guessed from the first element
  bool has_meta_header = false;
  bool whole = false;                         // read with ParseOptions::whole
  uint64_t size = 0;                          // bytes of the source
  uint64_t data_set_offset = 0;               // first byte after preamble and meta header
  bool has_pixel_data = false;                // tag 7fe0,0010 at the top level
  std::optional<uint64_t> pixel_data_offset;  // byte offset of that tag in the source; none if deflated
  DcmEVR pixel_data_vr = EVR_UNKNOWN;         // VR of Pixel Data as written (implicit VR: EVR_OW)
  std::optional<uint64_t> pixel_data_length;  // its length; none if it is a sequence of fragments
  std::string sop_class;                      // SOPClassUID, "" if absent

  DcmDataset& data_set() const { return *file->getDataset(); }
  DcmMetaInfo& meta_header() const { return *file->getMetaInfo(); }
};

// A DICOM file, with or without preamble and meta header (then the transfer syntax is guessed as DCMTK does).
// Throws Error(HILUM_E_BAD_FORMAT) for anything that is not a complete DICOM file: empty, not DICOM,
// truncated (in pixel data, too), lying lengths, nested deeper than kMaximumNesting.
ParsedInstance parse_file(const ByteSource& source, const ParseOptions& options = {});
ParsedInstance parse_file(const void* data, size_t size, const ParseOptions& options = {});

// A data set without preamble and meta header in a known transfer syntax (C-STORE). Same errors.
ParsedInstance parse_data_set(const ByteSource& source, std::string_view transfer_syntax,
                              const ParseOptions& options = {});

}  // namespace hilum::dicom
