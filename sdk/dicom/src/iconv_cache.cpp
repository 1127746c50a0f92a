#include "iconv_cache.h"

#include <hilum/cpp/error.h>
#include <hilum/dicom/charset.h>
#include <iconv.h>

#include <array>
#include <cerrno>

namespace hilum::dicom {
namespace {

const char* iconv_name(CodeSet set) {
  switch (set) {
    case CodeSet::None:
    case CodeSet::Ascii:
    case CodeSet::Count_:
      return "ASCII";
    case CodeSet::Latin1:
      return "ISO-8859-1";
    case CodeSet::Latin2:
      return "ISO-8859-2";
    case CodeSet::Latin3:
      return "ISO-8859-3";
    case CodeSet::Latin4:
      return "ISO-8859-4";
    case CodeSet::Cyrillic:
      return "ISO-8859-5";
    case CodeSet::Arabic:
      return "ISO-8859-6";
    case CodeSet::Greek:
      return "ISO-8859-7";
    case CodeSet::Hebrew:
      return "ISO-8859-8";
    case CodeSet::Latin5:
      return "ISO-8859-9";
    case CodeSet::Latin9:
      return "ISO-8859-15";
    case CodeSet::Thai:
      return "TIS-620";
    case CodeSet::Katakana:
    case CodeSet::Kanji:
    case CodeSet::Kanji2:
      return "EUC-JP";
    case CodeSet::Korean:
      return "EUC-KR";
    case CodeSet::Chinese:
      return "EUC-CN";
    case CodeSet::Utf8:
      return "UTF-8";
    case CodeSet::Gb18030:
      return "GB18030";
    case CodeSet::Gbk:
      return "GBK";
    case CodeSet::Windows1251:
      return "CP1251";
  }
  return "ASCII";
}

const iconv_t kClosed = reinterpret_cast<iconv_t>(-1);

// Descriptors of one thread, both directions.
class Descriptors {
 public:
  Descriptors() {
    to_.fill(kClosed);
    from_.fill(kClosed);
  }
  ~Descriptors() {
    for (iconv_t d : to_)
      if (d != kClosed) iconv_close(d);
    for (iconv_t d : from_)
      if (d != kClosed) iconv_close(d);
  }
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;

  iconv_t to_utf8(CodeSet set) { return get(to_, set, "UTF-8", iconv_name(set)); }
  iconv_t from_utf8(CodeSet set) { return get(from_, set, iconv_name(set), "UTF-8"); }

 private:
  using Table = std::array<iconv_t, static_cast<size_t>(CodeSet::Count_)>;
  static iconv_t get(Table& table, CodeSet set, const char* to, const char* from) {
    iconv_t& descriptor = table[static_cast<size_t>(set)];
    if (descriptor == kClosed) descriptor = iconv_open(to, from);
    if (descriptor == kClosed)
      throw Error(HILUM_E_SYSTEM, std::string("the C library cannot convert ") + from + " to " + to);
    return descriptor;
  }
  Table to_;
  Table from_;
};

Descriptors& descriptors() {
  thread_local Descriptors instance;
  return instance;
}

}  // namespace

void append_utf8(std::string& out, CodeSet set, std::string_view bytes) {
  if (set == CodeSet::Utf8) {
    out += drop_invalid_utf8(bytes);
    return;
  }
  if (set == CodeSet::Ascii || set == CodeSet::None) {
    for (char c : bytes)
      if (static_cast<unsigned char>(c) < 0x80) out += c;
    return;
  }
  iconv_t descriptor = descriptors().to_utf8(set);
  iconv(descriptor, nullptr, nullptr, nullptr, nullptr);
  char* in = const_cast<char*>(bytes.data());  // iconv doesn't write there
  size_t left = bytes.size();
  char buffer[512];
  while (left > 0) {
    char* to = buffer;
    size_t room = sizeof buffer;
    const size_t result = iconv(descriptor, &in, &left, &to, &room);
    out.append(buffer, sizeof buffer - room);
    if (result != static_cast<size_t>(-1) || errno == E2BIG) continue;
    if (errno == EINVAL) break;  // a character that is cut off
    ++in;
    --left;
  }
}

bool encode_character(std::string& out, CodeSet set, std::string_view character) {
  if (set == CodeSet::None || set == CodeSet::Ascii) {
    if (!is_ascii(character)) return false;
    out += character;
    return true;
  }
  if (set == CodeSet::Utf8) {
    out += character;
    return true;
  }
  iconv_t descriptor = descriptors().from_utf8(set);
  iconv(descriptor, nullptr, nullptr, nullptr, nullptr);
  char* in = const_cast<char*>(character.data());
  size_t left = character.size();
  char buffer[16];
  char* to = buffer;
  size_t room = sizeof buffer;
  if (iconv(descriptor, &in, &left, &to, &room) != 0 || left != 0) return false;
  const std::string_view encoded(buffer, sizeof buffer - room);
  // EUC-JP holds three of our sets.
  const auto first = static_cast<unsigned char>(encoded.empty() ? 0 : encoded[0]);
  if (set == CodeSet::Katakana && first != 0x8e) return false;
  if (set == CodeSet::Kanji2 && first != 0x8f) return false;
  if (set == CodeSet::Kanji && (encoded.size() != 2 || first < 0xa1)) return false;
  out += encoded;
  return true;
}

}  // namespace hilum::dicom
