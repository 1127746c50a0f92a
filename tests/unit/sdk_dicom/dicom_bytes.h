// Builds DICOM bytes for tests, well-formed or not.
#pragma once

#include <hilum/cpp/error.h>
#include <hilum/dicom/tag.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace hilum::dicom::test {

inline std::string number(uint64_t value, int bytes, bool big = false) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * (big ? bytes - 1 - i : i)));
  return out;
}

inline std::string tag_bytes(Tag tag, bool big = false) {
  return number(tag >> 16, 2, big) + number(tag & 0xffff, 2, big);
}

// Explicit VR; `length` may lie.
inline std::string element(Tag tag, std::string_view vr, std::string value, int64_t length = -1,
                           bool big = false) {
  if (value.size() % 2 != 0) value += vr == "UI" || vr == "OB" ? '\0' : ' ';
  const auto size = length < 0 ? value.size() : static_cast<uint64_t>(length);
  const bool is_long = vr == "OB" || vr == "OW" || vr == "SQ" || vr == "UN" || vr == "UT" || vr == "OF" ||
                       vr == "OD" || vr == "OL";
  std::string out = tag_bytes(tag, big) + std::string(vr);
  out += is_long ? std::string(2, '\0') + number(size, 4, big) : number(size, 2, big);
  return out + value;
}

// Implicit VR little endian.
inline std::string implicit(Tag tag, std::string value, int64_t length = -1) {
  if (value.size() % 2 != 0) value += ' ';
  return tag_bytes(tag) + number(length < 0 ? value.size() : static_cast<uint64_t>(length), 4) + value;
}

constexpr int64_t kUndefined = 0xffffffff;

inline std::string item(const std::string& content, bool undefined = false) {
  const std::string head = tag_bytes(0xfffee000);
  if (!undefined) return head + number(content.size(), 4) + content;
  return head + number(0xffffffff, 4) + content + tag_bytes(0xfffee00d) + number(0, 4);
}

inline std::string sequence_end() { return tag_bytes(0xfffee0dd) + number(0, 4); }

// Preamble, meta header and data set.
inline std::string file(const std::string& data_set, const std::string& syntax = "1.2.840.10008.1.2.1") {
  return std::string(128, '\0') + "DICM" + element(0x00020010, "UI", syntax) + data_set;
}

// The identifiers that every instance needs, explicit VR.
inline std::string identifiers(const std::string& patient = "ozp00SjY2xG") {
  return element(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.4") + element(0x00080018, "UI", "1.2.3.4") +
         element(0x00100020, "LO", patient) +
         element(0x0020000d, "UI", "1.2.840.113619.2.176.2025.1499492.7391.1171285944.390") +
         element(0x0020000e, "UI", "1.2.3");
}

// Status code of what `call` throws; 0 if nothing.
template <typename Call>
int32_t code_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

}  // namespace hilum::dicom::test
