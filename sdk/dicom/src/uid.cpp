#include <hilum/cpp/error.h>
#include <hilum/dicom/uid.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace hilum::dicom {

namespace {

using Uuid = std::array<unsigned char, 16>;

std::string uid_of(Uuid bytes, unsigned version) {
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | version << 4);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  std::string digits;
  while (std::any_of(bytes.begin(), bytes.end(), [](unsigned char byte) { return byte != 0; })) {
    unsigned remainder = 0;
    for (unsigned char& byte : bytes) {
      const unsigned value = remainder << 8 | byte;
      byte = static_cast<unsigned char>(value / 10);
      remainder = value % 10;
    }
    digits += static_cast<char>('0' + remainder);
  }
  std::reverse(digits.begin(), digits.end());
  return "2.25." + digits;
}

}  // namespace

std::string new_uid() {
  Uuid bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw Error(HILUM_E_INTERNAL, "random");
  return uid_of(bytes, 4);
}

std::string name_based_uid(std::string_view name) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest.data());
  Uuid bytes{};
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return uid_of(bytes, 8);
}

}  // namespace hilum::dicom
