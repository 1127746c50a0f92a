#include <dcmtk/dcmdata/dcitem.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/identity.h>
#include <hilum/dicom/tag.h>
#include <hilum/dicom/text.h>
#include <openssl/evp.h>

namespace hilum::dicom {
namespace {

constexpr std::string_view kMediaStorageDirectory = "1.2.840.10008.1.3.10";
constexpr size_t kLongestPatientId = 256;

std::string required_uid(DcmItem& data_set, Tag tag, const Charset& charset) {
  auto uid = text_of(data_set, tag, charset);
  if (!uid) throw Error(HILUM_E_INEXISTENT_TAG, "the data set has no " + tag_name(tag));
  if (uid->empty()) throw Error(HILUM_E_BAD_FORMAT, tag_name(tag) + " of the data set is empty");
  return *uid;
}

}  // namespace

std::string PublicId::to_string() const {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(44);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && i % 4 == 0) text += '-';
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

std::optional<PublicId> PublicId::parse(std::string_view text) {
  if (text.size() != 44) return std::nullopt;
  PublicId id;
  size_t digit = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i % 9 == 8) {
      if (c != '-') return std::nullopt;
      continue;
    }
    int value;
    if (c >= '0' && c <= '9')
      value = c - '0';
    else if (c >= 'a' && c <= 'f')
      value = c - 'a' + 10;
    else
      return std::nullopt;
    uint8_t& byte = id.bytes[digit++ / 2];
    byte = static_cast<uint8_t>(byte << 4 | value);
  }
  return id;
}

PublicId PublicId::hash_of(std::string_view input) {
  // Fetching the algorithm by name for every hash costs more than hashing.
  static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  PublicId id;
  if (sha1 == nullptr || EVP_Digest(input.data(), input.size(), id.bytes.data(), nullptr, sha1, nullptr) != 1)
    throw Error(HILUM_E_INTERNAL, "OpenSSL has no SHA-1");
  return id;
}

PublicId Identifiers::patient() const { return PublicId::hash_of(patient_id); }
PublicId Identifiers::study() const { return PublicId::hash_of(patient_id + '|' + study_uid); }
PublicId Identifiers::series() const {
  return PublicId::hash_of(patient_id + '|' + study_uid + '|' + series_uid);
}
PublicId Identifiers::instance() const {
  return PublicId::hash_of(patient_id + '|' + study_uid + '|' + series_uid + '|' + instance_uid);
}

Identifiers identifiers_of(DcmItem& data_set, Encoding default_encoding) {
  const Charset charset = Charset::of(data_set, default_encoding);
  if (text_of(data_set, kSopClassUid, charset) == kMediaStorageDirectory)
    throw Error(HILUM_E_INEXISTENT_TAG, "a DICOMDIR is no instance");
  Identifiers identifiers;
  identifiers.patient_id = text_of(data_set, kPatientId, charset).value_or("");
  if (identifiers.patient_id.size() > kLongestPatientId)
    throw Error(HILUM_E_BAD_TYPE, "PatientID has " + std::to_string(identifiers.patient_id.size()) +
                                      " bytes in UTF-8; at most " + std::to_string(kLongestPatientId) +
                                      " are accepted");
  identifiers.study_uid = required_uid(data_set, kStudyInstanceUid, charset);
  identifiers.series_uid = required_uid(data_set, kSeriesInstanceUid, charset);
  identifiers.instance_uid = required_uid(data_set, kSopInstanceUid, charset);
  return identifiers;
}

}  // namespace hilum::dicom
