#include <hilum/cpp/error.h>
#include <hilum/dicom/image_header.h>
#include <hilum/dicom/structure.h>

#include <optional>

#include "element_walker.h"

namespace hilum::dicom {
namespace {

constexpr Tag kPerFrameFunctionalGroups = 0x52009230;
constexpr Tag kExtendedOffsetTable = 0x7fe00001;
constexpr uint16_t kImageGroup = 0x0028;
// Enough for the tables of four million frames. What is longer is left out, as if it were not there.
constexpr uint64_t kLargest = 64 << 20;

bool is_wanted(Tag tag, const ImageHeaderOptions& options) {
  if (tag_group(tag) == kImageGroup || tag == kSopClassUid || tag == kExtendedOffsetTable) return true;
  return tag == kPerFrameFunctionalGroups && options.functional_groups;
}

std::string wanted_elements(const ByteSource& source, const Structure& structure,
                            const ImageHeaderOptions& options) {
  const Scope root{structure.data_set_offset,
                   structure.has_pixel_data ? structure.pixel_data_offset : source.size(),
                   !structure.syntax.explicit_vr, structure.syntax.big_endian};
  ElementWalker walker(source);
  std::string bytes;
  uint64_t position = root.begin;
  while (const std::optional<WalkedElement> element = walker.element_at(root, position)) {
    const uint64_t size = element->next - position;
    if (is_wanted(element->header.tag, options) && size <= kLargest - bytes.size()) {
      bytes += source.copy(position, size);
    } else if (tag_group(element->header.tag) == kImageGroup) {
      throw Error(HILUM_E_BAD_FORMAT, "the attributes of the image take more than " +
                                          std::to_string(kLargest >> 20) +
                                          " MiB: " + format_tag(element->header.tag));
    }
    position = element->next;
  }
  return bytes;
}

}  // namespace

ParsedInstance parse_image_header(const ByteSource& source, const ImageHeaderOptions& options) {
  const Structure structure = scan_file(source);
  const char* syntax = DcmXfer(structure.syntax.dcmtk).getXferID();
  if (structure.syntax.deflated || !find_transfer_syntax(syntax)) return parse_file(source);
  const std::string bytes = wanted_elements(source, structure, options);
  ParsedInstance instance = parse_data_set(ByteSource(bytes.data(), bytes.size()), syntax);
  instance.transfer_syntax = structure.transfer_syntax;
  instance.size = source.size();
  instance.data_set_offset = structure.data_set_offset;
  instance.has_pixel_data = structure.has_pixel_data;
  instance.pixel_data_length = structure.pixel_data_length;
  if (structure.has_pixel_data) {
    instance.pixel_data_offset = structure.pixel_data_offset;
    instance.pixel_data_vr =
        structure.pixel_data_vr[0] == '\0' ? EVR_OW : DcmVR(structure.pixel_data_vr).getEVR();
  }
  return instance;
}

}  // namespace hilum::dicom
