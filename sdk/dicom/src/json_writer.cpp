#include <hilum/dicom/json_writer.h>

#include <cmath>
#include <cstdio>

namespace hilum::dicom {
namespace {

constexpr size_t kIndentation = 3;

void append_escape(std::string& out, uint32_t unit) {
  static const char digits[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[(unit >> shift) & 15];
}

// Decodes one character of UTF-8 at `i` and moves behind it; an invalid byte gives U+FFFD.
uint32_t next_character(std::string_view text, size_t& i) {
  constexpr uint32_t kReplacement = 0xfffd;
  const auto first = static_cast<unsigned char>(text[i++]);
  int more;
  uint32_t c;
  uint32_t least;
  if (first >= 0xc2 && first <= 0xdf) {
    more = 1, c = first & 0x1f, least = 0x80;
  } else if (first >= 0xe0 && first <= 0xef) {
    more = 2, c = first & 0x0f, least = 0x800;
  } else if (first >= 0xf0 && first <= 0xf4) {
    more = 3, c = first & 0x07, least = 0x10000;
  } else {
    return kReplacement;
  }
  size_t at = i;
  for (; more > 0; --more, ++at) {
    if (at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80) return kReplacement;
    c = c << 6 | (static_cast<unsigned char>(text[at]) & 0x3f);
  }
  if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return kReplacement;
  i = at;
  return c;
}

void append_ascii(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\f':
      out += "\\f";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      append_escape(out, c);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view utf8) {
  out += '"';
  size_t plain = 0;  // start of what can be copied as it is
  for (size_t i = 0; i < utf8.size();) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
      ++i;
      continue;
    }
    out.append(utf8.data() + plain, i - plain);
    if (c < 0x80) {
      // JsonCpp, whose output clients compare, leaves DEL as it is.
      if (c == 0x7f)
        out += static_cast<char>(c);
      else
        append_ascii(out, c);
      ++i;
    } else {
      const uint32_t character = next_character(utf8, i);
      if (character >= 0x10000) {
        append_escape(out, 0xd800 + ((character - 0x10000) >> 10));
        append_escape(out, 0xdc00 + ((character - 0x10000) & 0x3ff));
      } else {
        append_escape(out, character);
      }
    }
    plain = i;
  }
  out.append(utf8.data() + plain, utf8.size() - plain);
  out += '"';
}

void JsonWriter::new_line() {
  out_ += '\n';
  out_.append(levels_.size() * kIndentation, ' ');
}

void JsonWriter::before_value(bool container) {
  if (after_key_) {
    after_key_ = false;
    if (container) new_line();
    return;
  }
  if (levels_.empty()) return;
  if (!levels_.back().empty) out_ += ',';
  levels_.back().empty = false;
  new_line();
}

// An opening bracket after a key waits: whether it goes on the next line depends on whether anything comes
// into it.
void JsonWriter::begin(char bracket) {
  const bool after_key = after_key_;
  before_value(true);
  out_ += bracket;
  levels_.push_back({true, after_key});
}

void JsonWriter::end(char bracket) {
  const Level level = levels_.back();
  levels_.pop_back();
  if (!level.empty) {
    new_line();
  } else if (level.after_key) {
    // Empty: back to the key's line.
    out_.resize(out_.size() - 2 - levels_.size() * kIndentation);
    out_ += bracket == '}' ? '{' : '[';
  }
  out_ += bracket;
}

void JsonWriter::key(std::string_view name) {
  before_value(false);
  append_json_string(out_, name);
  out_ += " : ";
  after_key_ = true;
}

void JsonWriter::string(std::string_view utf8) {
  before_value(false);
  append_json_string(out_, utf8);
}

void JsonWriter::integer(int64_t value) {
  before_value(false);
  out_ += std::to_string(value);
}

void JsonWriter::unsigned_integer(uint64_t value) {
  before_value(false);
  out_ += std::to_string(value);
}

void JsonWriter::number(double value) {
  before_value(false);
  if (!std::isfinite(value)) {
    out_ += "null";
    return;
  }
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.17g", value);
  out_ += buffer;
  // A double stays recognisable as one.
  if (std::string_view(buffer).find_first_of(".e") == std::string_view::npos) out_ += ".0";
}

void JsonWriter::boolean(bool value) {
  before_value(false);
  out_ += value ? "true" : "false";
}

void JsonWriter::null() {
  before_value(false);
  out_ += "null";
}

void JsonWriter::raw(std::string_view json) {
  const bool container = json.size() > 2 && (json[0] == '{' || json[0] == '[');
  before_value(container);
  for (char c : json) {
    if (c == '\n')
      new_line();
    else
      out_ += c;
  }
}

}  // namespace hilum::dicom
