// One element header, decoded from bytes (PS3.5 section 7.1).
#pragma once

#include <hilum/dicom/tag.h>

#include <cstdint>

namespace hilum::dicom {

inline constexpr Tag kItem = 0xfffee000;
inline constexpr Tag kItemDelimiter = 0xfffee00d;
inline constexpr Tag kSequenceDelimiter = 0xfffee0dd;
inline constexpr uint32_t kUndefinedLength = 0xffffffff;

struct ElementHeader {
  Tag tag = 0;
  char vr[3] = {0, 0, 0};  // empty: implicit, or a delimiter
  uint32_t length = 0;
  uint8_t size = 0;  // of the header itself: 8 or 12 bytes

  bool has_vr(char a, char b) const { return vr[0] == a && vr[1] == b; }
};

inline uint16_t read16(const uint8_t* p, bool big_endian) {
  return static_cast<uint16_t>(big_endian ? (p[0] << 8 | p[1]) : (p[1] << 8 | p[0]));
}
inline uint32_t read32(const uint8_t* p, bool big_endian) {
  const uint32_t first = read16(p, big_endian);
  const uint32_t second = read16(p + 2, big_endian);
  return big_endian ? first << 16 | second : second << 16 | first;
}
inline Tag read_tag(const uint8_t* p, bool big_endian) {
  return make_tag(read16(p, big_endian), read16(p + 2, big_endian));
}

// Whether an explicit VR has a 32-bit length after two reserved bytes. VRs that nobody knows yet have it if
// they are two capital letters; anything else is taken as a slip of the pen with a 16-bit length (so does
// DCMTK).
bool has_long_form(char a, char b);

}  // namespace hilum::dicom
