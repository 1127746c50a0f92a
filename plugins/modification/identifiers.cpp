#include "identifiers.h"

#include <hilum/cpp/error.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace hilum::modification {

namespace {

// What one job may lay down: requests name few values.
constexpr size_t kMostFixed = 100000;

std::string_view strip(std::string_view text) {
  constexpr std::string_view kPadding(" \0", 2);
  const size_t begin = text.find_first_not_of(kPadding);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kPadding) - begin + 1);
}

using Uuid = std::array<unsigned char, 16>;

// A UUID of version 8 (made by a rule of one's own, RFC 9562) out of a digest.
Uuid digest_uuid(const std::string& seed, char kind, std::string_view old_value) {
  std::string text = seed + '|' + kind + '|';
  text += old_value;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw Error(HILUM_E_INTERNAL, "SHA-256 is not available");
  }
  Uuid uuid{};
  std::copy(digest.begin(), digest.begin() + uuid.size(), uuid.begin());
  uuid[6] = static_cast<unsigned char>((uuid[6] & 0x0f) | 0x80);
  uuid[8] = static_cast<unsigned char>((uuid[8] & 0x3f) | 0x80);
  return uuid;
}

// The number as decimal digits: long division of the bytes by ten.
std::string decimal(Uuid number) {
  std::string digits;
  bool is_zero = false;
  while (!is_zero) {
    unsigned int remainder = 0;
    is_zero = true;
    for (unsigned char& byte : number) {
      const unsigned int value = remainder << 8 | byte;
      byte = static_cast<unsigned char>(value / 10);
      remainder = value % 10;
      if (byte != 0) is_zero = false;
    }
    digits.insert(digits.begin(), static_cast<char>('0' + remainder));
  }
  return digits;
}

std::string hexadecimal(const unsigned char* bytes, size_t size, bool dashes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    if (dashes && (i == 4 || i == 6 || i == 8 || i == 10)) text += '-';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

}  // namespace

std::string Identifiers::random_seed() {
  Uuid bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw Error(HILUM_E_INTERNAL, "the system gives no random numbers");
  }
  return hexadecimal(bytes.data(), bytes.size(), false);
}

const std::string* Identifiers::fixed(hilum_level level, std::string_view old_value) const {
  const auto found = fixed_.find({level, std::string(old_value)});
  return found == fixed_.end() ? nullptr : &found->second;
}

std::string Identifiers::uid(hilum_level level, std::string_view old_value) const {
  old_value = strip(old_value);
  if (const std::string* value = fixed(level, old_value)) return *value;
  const char kind = level == HILUM_STUDY ? 't' : level == HILUM_SERIES ? 'e' : 'i';
  return "2.25." + decimal(digest_uuid(seed_, kind, old_value));
}

std::string Identifiers::patient_id(std::string_view old_value) const {
  old_value = strip(old_value);
  if (const std::string* value = fixed(HILUM_PATIENT, old_value)) return *value;
  const Uuid uuid = digest_uuid(seed_, 'p', old_value);
  return hexadecimal(uuid.data(), uuid.size(), true);
}

void Identifiers::fix(hilum_level level, std::string_view old_value, std::string_view new_value) {
  if (fixed_.size() < kMostFixed) fixed_[{level, std::string(strip(old_value))}] = std::string(new_value);
}

}  // namespace hilum::modification
