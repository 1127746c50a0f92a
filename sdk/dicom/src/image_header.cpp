#include <hilum/dicom/image_header.h>
#include <hilum/dicom/structure.h>

#include <optional>

#include "element_walker.h"

namespace hilum::dicom {
namespace {

constexpr Tag kPerFrameFunctionalGroups = 0x52009230;
constexpr Tag kExtendedOffsetTable = 0x7fe00001;
constexpr uint16_t kImageGroup = 0x0028;

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
    if (is_wanted(element->header.tag, options)) bytes += source.copy(position, element->next - position);
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
