// DICOM character sets to UTF-8 and back (PS3.3 section C.12.1.1.2, PS3.5 section 6.1).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

class DcmItem;

namespace hilum::dicom {

// Encodings that the configuration (`DefaultEncoding`) and the REST API can name.
enum class Encoding : uint8_t {
  Ascii,
  Utf8,
  Latin1,
  Latin2,
  Latin3,
  Latin4,
  Latin5,
  Cyrillic,
  Windows1251,
  Arabic,
  Greek,
  Hebrew,
  Thai,
  Japanese,
  Chinese,
  JapaneseKanji,
  Korean,
  SimplifiedChinese
};

std::optional<Encoding> parse_encoding(std::string_view name);  // "Latin1"...; exact spelling
const char* encoding_name(Encoding encoding);
// Value of SpecificCharacterSet for data written in this encoding ("ISO_IR 192"; "" cannot happen).
const char* specific_character_set(Encoding encoding);

class CharsetTable;

// How the texts of one data set (or item) are encoded. Immutable, cheap to copy, usable from any thread.
class Charset {
 public:
  Charset() : Charset(Encoding::Latin1) {}
  explicit Charset(Encoding encoding);
  // By the value of SpecificCharacterSet, several ones separated by '\'. Empty: `otherwise`. Unknown terms
  // count as `otherwise`, too (real files misspell them).
  static Charset from_value(std::string_view specific_character_set, Encoding otherwise);
  // By the data set's own SpecificCharacterSet; absent: `inherited` (the enclosing data set's, or the default
  // encoding).
  static Charset of(DcmItem& item, const Charset& inherited);
  static Charset of(DcmItem& item, Encoding otherwise) { return of(item, Charset(otherwise)); }

  // Bytes to UTF-8 that is always valid; what cannot be decoded is dropped. Handles ISO 2022 escapes, which
  // reset at line ends, '\' and, in person names, '^' and '='. Pure ASCII takes a fast path.
  std::string to_utf8(std::string_view bytes, bool person_name = false) const;
  // UTF-8 to these bytes (code extensions of ISO 2022 used where declared); what has no representation
  // becomes '?'.
  std::string from_utf8(std::string_view utf8, bool person_name = false) const;

  // Whether '\' and other ASCII bytes may be the second byte of a character (GB18030, GBK).
  bool is_multi_byte() const;
  // The value of SpecificCharacterSet that describes from_utf8's output.
  std::string value() const;

 private:
  std::shared_ptr<const CharsetTable> table_;
};

// UTF-8 helpers.
bool is_ascii(std::string_view text);
bool is_valid_utf8(std::string_view text);
std::string drop_invalid_utf8(std::string_view text);

}  // namespace hilum::dicom
