#include "lossy_marks.h"

#include <dcmtk/dcmdata/dcdeftag.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/tag.h>
#include <hilum/dicom/text.h>
#include <hilum/dicom/uid.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace hilum::dicom {
namespace {

constexpr size_t kLongestDescription = 1024;  // ST
constexpr int kRatioWidth = 10;               // at most 16 (DS)

void check(const OFCondition& result) {
  if (result.bad())
    throw Error(HILUM_E_INTERNAL, std::string("marks of lossy compression: ") + result.text());
}

void put(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
  check(item.putAndInsertString(tag, value.c_str()));
}

std::string text(DcmItem& item, const DcmTagKey& tag) {
  OFString value;
  (void)item.findAndGetOFStringArray(tag, value);
  return value.c_str();
}

// As text even where the VR is UN, of which DCMTK gives the numbers of the bytes.
std::string uid_of(DcmItem& item, Tag tag) { return text_of(item, tag, Charset()).value_or(std::string()); }

// Adds a value to a multi-valued element.
void append_value(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
  const std::string old = text(item, tag);
  put(item, tag, old.empty() ? value : old + "\\" + value);
}

struct Method {
  const char* defined_term;  // PS3.3 section C.7.6.1.1.5.1
  const char* name;
};

Method method_of(std::string_view uid) {
  constexpr std::string_view kNumbered = "1.2.840.10008.1.2.4.";
  const std::string_view number = uid.size() > kNumbered.size() ? uid.substr(kNumbered.size()) : uid;
  if (number.size() == 3) return {"ISO_15444_15", "HTJ2K"};
  if (number == "80" || number == "81") return {"ISO_14495_1", "JPEG-LS"};
  if (number[0] == '9') return {"ISO_15444_1", "JPEG 2000"};
  return {"ISO_10918_1", "JPEG"};
}

void put_code(DcmItem& item, const DcmTagKey& sequence, const char* code, const char* meaning) {
  DcmItem* entry = nullptr;
  check(item.findOrCreateSequenceItem(sequence, entry, -2 /* a new one */));
  put(*entry, DCM_CodeValue, code);
  put(*entry, DCM_CodingSchemeDesignator, "DCM");
  put(*entry, DCM_CodeMeaning, meaning);
}

void put_derivation(DcmDataset& data_set, const LossyMarks& marks, const Method& method) {
  std::string image_type = text(data_set, DCM_ImageType);
  const size_t first = image_type.find('\\');
  put(data_set, DCM_ImageType,
      "DERIVED" + (first == std::string::npos ? std::string("\\SECONDARY") : image_type.substr(first)));
  std::string description = std::string("Lossy compression with ") + method.name;
  if (method.name == std::string_view("JPEG") || method.name == std::string_view("JPEG 2000")) {
    description += ", quality " + std::to_string(marks.quality);
  }
  const std::string old = text(data_set, DCM_DerivationDescription);
  if (!old.empty() && old.size() + description.size() + 2 <= kLongestDescription) {
    description += "; " + old;
  }
  put(data_set, DCM_DerivationDescription, description);
  put_code(data_set, DCM_DerivationCodeSequence, "113040", "Lossy Compression");
}

void put_source(DcmDataset& data_set, const LossyMarks& marks, const std::string& sop_instance_uid) {
  DcmItem* source = nullptr;
  check(data_set.findOrCreateSequenceItem(DCM_SourceImageSequence, source, -2 /* a new one */));
  put(*source, DCM_ReferencedSOPClassUID, uid_of(data_set, kSopClassUid));
  put(*source, DCM_ReferencedSOPInstanceUID, sop_instance_uid);
  if (marks.from_uncompressed) {
    put_code(*source, DCM_PurposeOfReferenceCodeSequence, "121320", "Uncompressed predecessor");
  }
}

// Digits fill the width, for padding would be trimmed.
std::string ratio_text(double ratio) {
  ratio = std::min(ratio, 99999999.0);
  int whole_digits = 1;
  for (double limit = 10; ratio >= limit; limit *= 10) ++whole_digits;
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", kRatioWidth - 1 - whole_digits, ratio);
  return std::string(buffer.data(), kRatioWidth);
}

}  // namespace

std::string mark_lossy(DcmDataset& data_set, const LossyMarks& marks) {
  const Method method = method_of(marks.transfer_syntax);
  put(data_set, DCM_LossyImageCompression, "01");
  append_value(data_set, DCM_LossyImageCompressionRatio, ratio_text(1));
  append_value(data_set, DCM_LossyImageCompressionMethod, method.defined_term);
  put_derivation(data_set, marks, method);
  std::string uid = uid_of(data_set, kSopInstanceUid);
  if (!marks.new_sop_instance_uid) return uid;
  put_source(data_set, marks, uid);
  uid = marks.sop_instance_uid.empty() ? new_uid() : std::string(marks.sop_instance_uid);
  put(data_set, DCM_SOPInstanceUID, uid);
  return uid;
}

void set_lossy_ratio(DcmDataset& data_set, double ratio) {
  std::string value = text(data_set, DCM_LossyImageCompressionRatio);
  const size_t last = value.rfind('\\');
  value.resize(last == std::string::npos ? 0 : last + 1);
  put(data_set, DCM_LossyImageCompressionRatio, value + ratio_text(ratio));
}

}  // namespace hilum::dicom
