// Who an instance is: its DICOM identifiers and the four public ids made of them.
#pragma once

#include <hilum/dicom/charset.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

class DcmItem;

namespace hilum::dicom {

// A public id: SHA-1, shown as five groups of eight lower-case hexadecimal digits. Plain bytes, so that it
// can be part of a key.
struct PublicId {
  std::array<uint8_t, 20> bytes{};

  std::string to_string() const;                                // 44 characters
  static std::optional<PublicId> parse(std::string_view text);  // exactly that form (lower case)
  static PublicId hash_of(std::string_view input);              // SHA-1 of the input

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

  friend bool operator==(const PublicId& a, const PublicId& b) { return a.bytes == b.bytes; }
  friend bool operator!=(const PublicId& a, const PublicId& b) { return a.bytes != b.bytes; }
  friend bool operator<(const PublicId& a, const PublicId& b) { return a.bytes < b.bytes; }
};

// The values that identify an instance, in UTF-8, padding removed.
struct Identifiers {
  std::string patient_id;  // may be empty
  std::string study_uid;
  std::string series_uid;
  std::string instance_uid;

  PublicId patient() const;
  PublicId study() const;
  PublicId series() const;
  PublicId instance() const;
};

// Reads them from a data set. Throws Error: HILUM_E_INEXISTENT_TAG (a UID is absent, or the data set is a
// DICOMDIR), HILUM_E_BAD_FORMAT (a UID is empty), HILUM_E_BAD_TYPE (PatientID over 256 bytes of UTF-8).
Identifiers identifiers_of(DcmItem& data_set, Encoding default_encoding = Encoding::Latin1);

}  // namespace hilum::dicom

template <>
struct std::hash<hilum::dicom::PublicId> {
  size_t operator()(const hilum::dicom::PublicId& id) const noexcept {
    size_t value;
    std::memcpy(&value, id.bytes.data(), sizeof value);
    return value;
  }
};
