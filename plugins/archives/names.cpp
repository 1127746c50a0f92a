#include "names.h"

#include <cstdio>

namespace hilum::archives {

namespace {

// File systems stop at 255 bytes; a suffix must fit.
constexpr size_t kLongest = 240;

bool is_forbidden(unsigned char byte) {
  return byte <= 0x20 || byte == 0x7f ||
         std::string_view("/\\:*?\"<>|").find(static_cast<char>(byte)) != std::string_view::npos;
}

std::string clean(std::string_view text, bool utf8) {
  std::string cleaned;
  bool space = false;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte >= 0x80 && !utf8) continue;
    if (is_forbidden(byte)) {
      space = !cleaned.empty();
      continue;
    }
    if (space) cleaned += ' ';
    space = false;
    cleaned += character;
  }
  if (cleaned.size() > kLongest) {
    size_t end = kLongest;
    while (end > 0 && (static_cast<unsigned char>(cleaned[end]) & 0xc0) == 0x80) --end;
    cleaned.resize(end);
  }
  return cleaned;
}

}  // namespace

std::string folder_name(std::string_view first, std::string_view second, std::string_view otherwise,
                        bool utf8) {
  std::string name = clean(std::string(first) + ' ' + std::string(second), utf8);
  // A name of dots leads out of the folder; carets are the frame of a person's name.
  if (name.find_first_not_of(" .^") == std::string::npos) return std::string(otherwise);
  return name;
}

std::string file_name(std::string_view modality, int64_t number) {
  std::string letters;
  for (const char character : modality) {
    if (letters.size() == 2) break;
    if (character >= 'a' && character <= 'z') letters += static_cast<char>(character - 'a' + 'A');
    if ((character >= 'A' && character <= 'Z') || (character >= '0' && character <= '9'))
      letters += character;
  }
  char digits[32];
  std::snprintf(digits, sizeof digits, "%0*lld", static_cast<int>(8 - letters.size()),
                static_cast<long long>(number));
  return letters + digits + ".dcm";
}

std::string NameSet::unique(const std::string& name) {
  unsigned& count = taken_[name];
  if (++count == 1) return name;
  // A name of its own may look like one with a suffix.
  std::string tried = name + '-' + std::to_string(count);
  while (!taken_.emplace(tried, 1).second) tried = name + '-' + std::to_string(++count);
  return tried;
}

}  // namespace hilum::archives
