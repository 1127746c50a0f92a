#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcmetinf.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/structure.h>
#include <hilum/dicom/text.h>

#include "fd_stream.h"

namespace hilum::dicom {
namespace {

// Headers up to this size are read from a file in one go.
constexpr uint64_t kReadAtOnce = 256 * 1024;
// The first bytes of a file are read once for all steps.
constexpr uint64_t kHead = 16 * 1024;
// Wanted elements are copied; when they are larger than this, the way that leaves long values in the file is taken.
constexpr uint64_t kMostWanted = 1 << 20;
// Longer values stay in the file until they are asked for.
constexpr Uint32 kKeepInFile = 64 * 1024;

[[noreturn]] void refuse(const ByteSource& source, const OFCondition& why) {
  throw Error(HILUM_E_BAD_FORMAT,
              "not a complete DICOM file (size: " + std::to_string(source.size()) + " bytes): " + why.text());
}

// Reads a data set from a stream that holds nothing else.
OFCondition read_from(DcmInputStream& stream, DcmDataset& data_set, const Structure& structure, bool whole) {
  data_set.transferInit();
  const DcmTagKey stop = whole ? DCM_UndefinedTagKey : DCM_PixelData;
  OFCondition result = data_set.readUntilTag(stream, structure.syntax.dcmtk, EGL_noChange, kKeepInFile, stop);
  data_set.transferEnd();
  return result;
}

void read_meta_header(const ByteSource& source, const Structure& structure, DcmMetaInfo& meta) {
  // Up to the limit that the scan found, so that DCMTK cannot see it otherwise.
  const std::string bytes = source.copy(0, structure.data_set_offset);
  DcmInputBufferStream stream;
  stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  stream.setEos();
  meta.transferInit();
  const OFCondition result = meta.read(stream, EXS_Unknown, EGL_noChange, DCM_MaxReadLength);
  meta.transferEnd();
  if (result.bad() && result != EC_EndOfStream) refuse(source, result);
}

void read_data_set(const ByteSource& source, const Structure& structure, bool whole, DcmDataset& data_set) {
  const bool cut = !whole && structure.has_pixel_data && !structure.syntax.deflated;
  const uint64_t end = cut ? structure.pixel_data_offset : source.size();
  const ByteSource part = source.part(structure.data_set_offset, end - structure.data_set_offset);
  if (part.size() == 0) return;
  // The end of the range is the stop; only what has to be inflated needs a stop tag.
  const bool until_end = whole || !structure.syntax.deflated;
  OFCondition result;
  if (part.fd() < 0 || part.size() <= kReadAtOnce) {
    const std::string copied = part.memory() != nullptr ? std::string() : part.copy(0, part.size());
    DcmInputBufferStream stream;
    stream.setBuffer(part.memory() != nullptr ? static_cast<const void*>(part.memory()) : copied.data(),
                     static_cast<offile_off_t>(part.memory() != nullptr ? part.size() : copied.size()));
    stream.setEos();
    result = read_from(stream, data_set, structure, until_end);
  } else {
    FileRangeStream stream(std::make_shared<const SharedFile>(part), 0);
    result = read_from(stream, data_set, structure, until_end);
  }
  if (result.bad()) refuse(source, result);
}

uint64_t wanted_size(const Structure& structure) {
  uint64_t size = 0;
  for (const auto& [begin, end] : structure.wanted) size += end - begin;
  return size;
}

// The elements that the scan has noted, as a data set of their own.
void read_wanted(const ByteSource& source, const Structure& structure, DcmDataset& data_set) {
  std::string bytes;
  for (const auto& [begin, end] : structure.wanted) bytes += source.copy(begin, end - begin);
  if (bytes.empty()) return;
  DcmInputBufferStream stream;
  stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  stream.setEos();
  const OFCondition result = read_from(stream, data_set, structure, true);
  if (result.bad()) refuse(source, result);
}

DcmEVR written_vr(const Structure& structure) {
  if (!structure.has_pixel_data) return EVR_UNKNOWN;
  return structure.pixel_data_vr[0] == '\0' ? EVR_OW : DcmVR(structure.pixel_data_vr).getEVR();
}

ParsedInstance build(const ByteSource& source, const Structure& structure, const ParseOptions& options) {
  ParsedInstance instance;
  instance.file = std::make_unique<DcmFileFormat>();
  instance.transfer_syntax = structure.transfer_syntax;
  instance.has_meta_header = structure.has_meta_header;
  instance.whole = options.whole;
  instance.size = source.size();
  instance.data_set_offset = structure.data_set_offset;
  instance.has_pixel_data = structure.has_pixel_data;
  if (structure.has_pixel_data && !structure.syntax.deflated)
    instance.pixel_data_offset = structure.pixel_data_offset;
  instance.pixel_data_vr = written_vr(structure);
  instance.pixel_data_length = structure.pixel_data_length;
  if (options.only != nullptr && !options.whole && !structure.syntax.deflated &&
      wanted_size(structure) <= kMostWanted) {
    read_wanted(source, structure, instance.data_set());
  } else {
    if (structure.has_meta_header) read_meta_header(source, structure, instance.meta_header());
    read_data_set(source, structure, options.whole, instance.data_set());
  }
  // Not DCMTK's string access: on a UID written with VR UN it gives the number of its first byte.
  instance.sop_class = text_of(instance.data_set(), kSopClassUid, Charset()).value_or("");
  return instance;
}

}  // namespace

ParsedInstance parse_file(const ByteSource& source, const ParseOptions& options) {
  if (source.fd() < 0) return build(source, scan_file(source, options.only), options);
  const std::string head = source.copy(0, kHead);
  const ByteSource with_head(source.fd(), source.file_offset(), source.size(), head);
  return build(with_head, scan_file(with_head, options.only), options);
}

ParsedInstance parse_file(const void* data, size_t size, const ParseOptions& options) {
  return parse_file(ByteSource(data, size), options);
}

ParsedInstance parse_data_set(const ByteSource& source, std::string_view transfer_syntax,
                              const ParseOptions& options) {
  const auto syntax = find_transfer_syntax(transfer_syntax);
  if (!syntax)
    throw Error(HILUM_E_BAD_FORMAT,
                "unknown transfer syntax \"" + std::string(transfer_syntax.substr(0, 64)) + "\"");
  return build(source, scan_data_set(source, *syntax), options);
}

}  // namespace hilum::dicom
