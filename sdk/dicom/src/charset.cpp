#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <hilum/dicom/charset.h>
#include <hilum/dicom/tag.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <vector>

#include "iconv_cache.h"

namespace hilum::dicom {
namespace {

constexpr char kEscape = 0x1b;

// An escape sequence of PS3.3 tables C.12-3 and C.12-4.
struct Escape {
  const char* text;  // after ESC
  bool g1;           // designates G1, else G0
  CodeSet set;
};
constexpr Escape kEscapes[] = {
    {"(B", false, CodeSet::Ascii},   {"(J", false, CodeSet::Ascii},   {")I", true, CodeSet::Katakana},
    {"-A", true, CodeSet::Latin1},   {"-B", true, CodeSet::Latin2},   {"-C", true, CodeSet::Latin3},
    {"-D", true, CodeSet::Latin4},   {"-L", true, CodeSet::Cyrillic}, {"-G", true, CodeSet::Arabic},
    {"-F", true, CodeSet::Greek},    {"-H", true, CodeSet::Hebrew},   {"-M", true, CodeSet::Latin5},
    {"-b", true, CodeSet::Latin9},   {"-T", true, CodeSet::Thai},     {"$B", false, CodeSet::Kanji},
    {"$@", false, CodeSet::Kanji},   {"$(D", false, CodeSet::Kanji2}, {"$)C", true, CodeSet::Korean},
    {"$)A", true, CodeSet::Chinese},
};

const Escape* find_escape(std::string_view after) {
  for (const Escape& escape : kEscapes)
    if (after.substr(0, std::strlen(escape.text)) == escape.text) return &escape;
  return nullptr;
}

const Escape* escape_for(CodeSet set) {
  for (const Escape& escape : kEscapes)
    if (escape.set == set) return &escape;
  return nullptr;
}

// Defined terms by their number or name.
struct Term {
  const char* name;
  CodeSet set;
};
constexpr Term kTerms[] = {
    {"6", CodeSet::Ascii},     {"100", CodeSet::Latin1},   {"101", CodeSet::Latin2}, {"109", CodeSet::Latin3},
    {"110", CodeSet::Latin4},  {"144", CodeSet::Cyrillic}, {"127", CodeSet::Arabic}, {"126", CodeSet::Greek},
    {"138", CodeSet::Hebrew},  {"148", CodeSet::Latin5},   {"203", CodeSet::Latin9}, {"166", CodeSet::Thai},
    {"13", CodeSet::Katakana}, {"87", CodeSet::Kanji},     {"159", CodeSet::Kanji2}, {"149", CodeSet::Korean},
    {"58", CodeSet::Chinese},  {"192", CodeSet::Utf8},
};

// "ISO 2022 IR 100" -> Latin1. Blanks, '_' and '-' don't count: real files mix them up.
CodeSet parse_term(std::string_view term) {
  std::string name;
  for (char c : term)
    if (c != ' ' && c != '_' && c != '-' && c != '\0')
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (name == "GB18030") return CodeSet::Gb18030;
  if (name == "GBK") return CodeSet::Gbk;
  for (const char* prefix : {"ISO2022IR", "ISOIR"}) {
    if (name.compare(0, std::strlen(prefix), prefix) != 0) continue;
    const std::string number = name.substr(std::strlen(prefix));
    for (const Term& known : kTerms)
      if (number == known.name) return known.set;
  }
  return CodeSet::None;
}

struct EncodingFacts {
  const char* name;
  const char* term;
  CodeSet set;
};
// In the order of the enumeration. Windows 1251 has no term: what is written as such is written as ISO_IR
// 144.
constexpr std::array<EncodingFacts, 18> kEncodings = {{
    {"Ascii", "ISO_IR 6", CodeSet::Ascii},
    {"Utf8", "ISO_IR 192", CodeSet::Utf8},
    {"Latin1", "ISO_IR 100", CodeSet::Latin1},
    {"Latin2", "ISO_IR 101", CodeSet::Latin2},
    {"Latin3", "ISO_IR 109", CodeSet::Latin3},
    {"Latin4", "ISO_IR 110", CodeSet::Latin4},
    {"Latin5", "ISO_IR 148", CodeSet::Latin5},
    {"Cyrillic", "ISO_IR 144", CodeSet::Cyrillic},
    {"Windows1251", "ISO_IR 144", CodeSet::Windows1251},
    {"Arabic", "ISO_IR 127", CodeSet::Arabic},
    {"Greek", "ISO_IR 126", CodeSet::Greek},
    {"Hebrew", "ISO_IR 138", CodeSet::Hebrew},
    {"Thai", "ISO_IR 166", CodeSet::Thai},
    {"Japanese", "ISO_IR 13", CodeSet::Katakana},
    {"Chinese", "GB18030", CodeSet::Gb18030},
    {"JapaneseKanji", "\\ISO 2022 IR 87", CodeSet::Kanji},
    {"Korean", "\\ISO 2022 IR 149", CodeSet::Korean},
    {"SimplifiedChinese", "\\ISO 2022 IR 58", CodeSet::Chinese},
}};

const EncodingFacts& facts(Encoding encoding) { return kEncodings[static_cast<size_t>(encoding)]; }

bool is_whole(CodeSet set) {
  return set == CodeSet::Utf8 || set == CodeSet::Gb18030 || set == CodeSet::Gbk ||
         set == CodeSet::Windows1251;
}

// Length of the UTF-8 sequence at the start of `text` (0: invalid).
size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  size_t length;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;  // surrogates
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  } else {
    return 0;
  }
  if (text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  return length;
}

}  // namespace

bool is_ascii(std::string_view text) {
  unsigned char all = 0;
  for (char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string drop_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = utf8_sequence(text);
    out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::optional<Encoding> parse_encoding(std::string_view name) {
  for (size_t i = 0; i < kEncodings.size(); ++i)
    if (name == kEncodings[i].name) return static_cast<Encoding>(i);
  return std::nullopt;
}

const char* encoding_name(Encoding encoding) { return facts(encoding).name; }
const char* specific_character_set(Encoding encoding) { return facts(encoding).term; }

// The sets of one SpecificCharacterSet: what G1 holds at the start, and what escapes may bring.
class CharsetTable {
 public:
  CharsetTable(CodeSet first, std::vector<CodeSet> extensions, std::string value)
      : extensions_(std::move(extensions)), value_(std::move(value)) {
    if (is_whole(first)) {
      whole_ = first;
      return;
    }
    g1_ = first == CodeSet::Ascii ? CodeSet::None : first;
    if (first == CodeSet::Kanji || first == CodeSet::Kanji2 || first == CodeSet::Korean ||
        first == CodeSet::Chinese) {
      g1_ = CodeSet::None;
      extensions_.insert(extensions_.begin(), first);
    }
    // Korean and Chinese files often forget the escape, which nothing else can be meant by.
    for (CodeSet set : extensions_)
      if (g1_ == CodeSet::None && (set == CodeSet::Korean || set == CodeSet::Chinese)) implied_g1_ = set;
  }

  bool is_whole_set() const { return whole_ != CodeSet::None; }
  bool is_multi_byte() const { return whole_ == CodeSet::Gb18030 || whole_ == CodeSet::Gbk; }
  const std::string& value() const { return value_; }

  std::string decode(std::string_view bytes, bool person_name) const {
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 2);
    if (is_whole_set()) {
      append_utf8(out, whole_, bytes);
      return out;
    }
    State state = initial();
    while (!bytes.empty()) {
      const size_t used = decode_run(out, bytes, state, person_name);
      bytes.remove_prefix(used);
    }
    return out;
  }

  std::string encode(std::string_view utf8, bool person_name) const {
    std::string out;
    State state{CodeSet::Ascii, g1_};
    while (!utf8.empty()) {
      const size_t length = std::max<size_t>(utf8_sequence(utf8), 1);
      encode_one(out, utf8.substr(0, length), state, person_name);
      utf8.remove_prefix(length);
    }
    if (state.g0 != CodeSet::Ascii) out += "\x1b(B";
    return out;
  }

 private:
  struct State {
    CodeSet g0;
    CodeSet g1;
  };
  State initial() const { return {CodeSet::Ascii, g1_ == CodeSet::None ? implied_g1_ : g1_}; }

  static bool is_reset(char c, bool person_name) {
    return c == '\\' || c == '\r' || c == '\n' || c == '\t' || c == '\f' ||
           (person_name && (c == '^' || c == '='));
  }

  // Decodes an escape sequence or a run of bytes of one set. Returns how many bytes it took (at least 1).
  size_t decode_run(std::string& out, std::string_view bytes, State& state, bool person_name) const {
    if (bytes[0] == kEscape) {
      const Escape* escape = find_escape(bytes.substr(1));
      if (escape == nullptr) return 1;
      (escape->g1 ? state.g1 : state.g0) = escape->set;
      return 1 + std::strlen(escape->text);
    }
    const bool right = static_cast<unsigned char>(bytes[0]) >= 0x80;
    if (!right && (state.g0 == CodeSet::Ascii || static_cast<unsigned char>(bytes[0]) <= 0x20)) {
      out += bytes[0];
      if (is_reset(bytes[0], person_name)) state = initial();
      return 1;
    }
    size_t end = 1;
    while (end < bytes.size() && (static_cast<unsigned char>(bytes[end]) >= 0x80) == right &&
           bytes[end] != kEscape && (right || static_cast<unsigned char>(bytes[end]) > 0x20))
      ++end;
    if (right)
      decode_right(out, bytes.substr(0, end), state.g1);
    else
      decode_kanji(out, bytes.substr(0, end), state.g0);
    return end;
  }

  static void decode_right(std::string& out, std::string_view bytes, CodeSet set) {
    if (set == CodeSet::None) return;  // nothing that these bytes could mean
    if (set != CodeSet::Katakana) return append_utf8(out, set, bytes);
    std::string euc;
    for (char c : bytes) {
      euc += '\x8e';
      euc += c;
    }
    append_utf8(out, set, euc);
  }

  static void decode_kanji(std::string& out, std::string_view bytes, CodeSet set) {
    std::string euc;
    for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
      if (set == CodeSet::Kanji2) euc += '\x8f';
      euc += static_cast<char>(bytes[i] | '\x80');
      euc += static_cast<char>(bytes[i + 1] | '\x80');
    }
    append_utf8(out, set, euc);
  }

  void encode_one(std::string& out, std::string_view character, State& state, bool person_name) const {
    if (is_whole_set()) {
      const CodeSet set = whole_ == CodeSet::Windows1251 ? CodeSet::Cyrillic : whole_;
      if (!encode_character(out, set, character)) out += '?';
      return;
    }
    if (is_ascii(character)) {
      if (state.g0 != CodeSet::Ascii) out += "\x1b(B";
      state.g0 = CodeSet::Ascii;
      out += character;
      if (is_reset(character[0], person_name)) state.g1 = g1_;
      return;
    }
    if (encode_in(out, g1_, character, state)) return;
    for (CodeSet set : extensions_)
      if (encode_in(out, set, character, state)) return;
    if (state.g0 != CodeSet::Ascii) out += "\x1b(B";
    state.g0 = CodeSet::Ascii;
    out += '?';
  }

  static bool encode_in(std::string& out, CodeSet set, std::string_view character, State& state) {
    std::string bytes;
    if (set == CodeSet::None || set == CodeSet::Ascii || is_whole(set) ||
        !encode_character(bytes, set, character))
      return false;
    if (set == CodeSet::Katakana || set == CodeSet::Kanji2) bytes.erase(0, 1);  // the shift of EUC-JP
    const Escape* escape = escape_for(set);
    if (!escape->g1)
      for (char& c : bytes) c = static_cast<char>(c & 0x7f);
    CodeSet& slot = escape->g1 ? state.g1 : state.g0;
    if (slot != set) {
      out += kEscape;
      out += escape->text;
      slot = set;
    }
    out += bytes;
    return true;
  }

  CodeSet whole_ = CodeSet::None;
  CodeSet g1_ = CodeSet::None;
  CodeSet implied_g1_ = CodeSet::None;
  std::vector<CodeSet> extensions_;
  std::string value_;
};

Charset::Charset(Encoding encoding) {
  static const auto tables = [] {
    std::array<std::shared_ptr<const CharsetTable>, kEncodings.size()> all;
    for (size_t i = 0; i < all.size(); ++i)
      all[i] = std::make_shared<CharsetTable>(kEncodings[i].set, std::vector<CodeSet>(), kEncodings[i].term);
    return all;
  }();
  table_ = tables[static_cast<size_t>(encoding)];
}

namespace {

// Sets of a SpecificCharacterSet value; nothing if none is known.
std::shared_ptr<const CharsetTable> build_table(std::string_view value) {
  CodeSet first = CodeSet::None;
  std::vector<CodeSet> extensions;
  bool known = false;
  for (size_t i = 0, start = 0; start <= value.size(); ++i) {
    const size_t end = std::min(value.find('\\', start), value.size());
    const CodeSet set = parse_term(value.substr(start, end - start));
    known = known || set != CodeSet::None;
    if (i == 0)
      first = set;
    else if (set != CodeSet::None && set != CodeSet::Ascii)
      extensions.push_back(set);
    start = end + 1;
  }
  if (!known) return nullptr;
  return std::make_shared<CharsetTable>(first, std::move(extensions), std::string(value));
}

}  // namespace

Charset Charset::from_value(std::string_view value, Encoding otherwise) {
  Charset result(otherwise);
  if (auto table = build_table(value)) result.table_ = std::move(table);
  return result;
}

Charset Charset::of(DcmItem& item, const Charset& inherited) {
  const char* value = nullptr;
  if (item.findAndGetString(DCM_SpecificCharacterSet, value).bad() || value == nullptr) return inherited;
  Charset result = inherited;
  if (auto table = build_table(value)) result.table_ = std::move(table);
  return result;
}

std::string Charset::to_utf8(std::string_view bytes, bool person_name) const {
  // Escapes are ASCII as well.
  if (is_ascii(bytes) && (table_->is_whole_set() || bytes.find(kEscape) == std::string_view::npos))
    return std::string(bytes);
  return table_->decode(bytes, person_name);
}

std::string Charset::from_utf8(std::string_view utf8, bool person_name) const {
  if (is_ascii(utf8)) return std::string(utf8);
  return table_->encode(utf8, person_name);
}

bool Charset::is_multi_byte() const { return table_->is_multi_byte(); }
std::string Charset::value() const { return table_->value(); }

}  // namespace hilum::dicom
