#include <hilum/cpp/error.h>
#include <hilum/dicom/meta_header.h>
#include <hilum/dicom/tag.h>

namespace hilum::dicom {
namespace {

void append16(std::string& out, size_t value) {
  out += static_cast<char>(value & 0xff);
  out += static_cast<char>(value >> 8 & 0xff);
}

void append32(std::string& out, size_t value) {
  append16(out, value & 0xffff);
  append16(out, value >> 16);
}

// An element of group 2 with a VR of the short form, padded to even length.
void append_element(std::string& out, uint16_t element, const char* vr, std::string_view value,
                    size_t longest) {
  if (value.size() > longest)
    throw Error(HILUM_E_BAD_FORMAT,
                tag_name(make_tag(2, element)) + " is longer than " + std::to_string(longest) + " bytes");
  append16(out, 2);
  append16(out, element);
  out += vr;
  append16(out, value.size() + (value.size() & 1));
  out += value;
  if (value.size() & 1) out += vr[0] == 'U' ? '\0' : ' ';
}

}  // namespace

std::string meta_header(const MetaHeader& values) {
  std::string group;
  group.append("\x02\x00\x01\x00OB\x00\x00\x02\x00\x00\x00\x00\x01", 14);  // file meta information version 1
  append_element(group, 0x0002, "UI", values.sop_class_uid, 64);
  append_element(group, 0x0003, "UI", values.sop_instance_uid, 64);
  append_element(group, 0x0010, "UI", values.transfer_syntax, 64);
  append_element(group, 0x0012, "UI", kImplementationClassUid, 64);
  append_element(group, 0x0013, "SH", kImplementationVersionName, 16);
  if (!values.source_ae_title.empty()) append_element(group, 0x0016, "AE", values.source_ae_title, 16);

  std::string header(128, '\0');
  header += "DICM";
  header.append("\x02\x00\x00\x00UL\x04\x00", 8);
  append32(header, group.size());
  header += group;
  return header;
}

}  // namespace hilum::dicom
