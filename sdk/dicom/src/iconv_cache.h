// The coded character sets of DICOM and their conversion by iconv.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hilum::dicom {

// What G0 or G1 may hold, and the sets that need no code extension.
enum class CodeSet : uint8_t {
  None,
  Ascii,
  Latin1,
  Latin2,
  Latin3,
  Latin4,
  Cyrillic,
  Arabic,
  Greek,
  Hebrew,
  Latin5,
  Latin9,
  Thai,
  Katakana,  // JIS X 0201, right half
  Kanji,     // JIS X 0208
  Kanji2,    // JIS X 0212
  Korean,    // KS X 1001
  Chinese,   // GB 2312
  Utf8,
  Gb18030,
  Gbk,
  Windows1251,
  Count_
};

// Appends `bytes` of a set to UTF-8; what is invalid is dropped. Kanji, Kanji2 and Katakana take their bytes
// in the form of EUC-JP. Descriptors are opened once per thread: opening one per value costs more than the
// conversion.
void append_utf8(std::string& out, CodeSet set, std::string_view bytes);
// One UTF-8 character in a set (forms as above); false if the set doesn't have it.
bool encode_character(std::string& out, CodeSet set, std::string_view character);

}  // namespace hilum::dicom
