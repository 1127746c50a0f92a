#include <hilum/dicom/charset.h>
#include <hilum/dicom/normalize.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace hilum::dicom {
namespace {

std::string ascii_key(std::string_view text) {
  std::string key;
  key.reserve(text.size());
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) continue;
    if (c == '%' || c == '_') c = ' ';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    key += c;
  }
  return std::string(strip_spaces(key));
}

// Texts that are equal but for case have the same key: fold first, then take the capitals, then the marks
// away.
std::string unicode_key(std::string_view text) {
  icu::UnicodeString folded =
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  folded.foldCase().toUpper(icu::Locale::getRoot());
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* decompose = icu::Normalizer2::getNFDInstance(status);
  if (U_SUCCESS(status)) folded = decompose->normalize(folded, status);
  icu::UnicodeString kept;
  for (int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 c = folded.char32At(i);
    const int8_t type = u_charType(c);
    if (type == U_NON_SPACING_MARK || type == U_CONTROL_CHAR) continue;
    kept.append(c == '%' || c == '_' ? ' ' : c);
  }
  std::string utf8;
  kept.toUTF8String(utf8);
  return std::string(strip_spaces(utf8));
}

}  // namespace

std::string normalize_identifier(std::string_view utf8) {
  return is_ascii(utf8) ? ascii_key(utf8) : unicode_key(utf8);
}

std::string fold_case(std::string_view utf8) {
  std::string folded;
  if (is_ascii(utf8)) {
    folded = utf8;
    for (char& c : folded)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return folded;
  }
  icu::UnicodeString text =
      icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())));
  text.foldCase().toUTF8String(folded);
  return folded;
}

std::string_view strip_spaces(std::string_view text) {
  constexpr std::string_view kBlank("\0 ", 2);
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace hilum::dicom
