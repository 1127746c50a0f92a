// Texts in the character sets of DICOM: "SpecificCharacterSet \n bytes".
#include <hilum/dicom/charset.h>
#include <hilum/dicom/json_writer.h>
#include <hilum/dicom/normalize.h>

#include "tests/fuzz/fuzz.h"

using namespace hilum;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = fuzz::text_of(data, size);
  const auto charset = dicom::Charset::from_value(fuzz::take_until(rest, '\n'), dicom::Encoding::Latin1);
  for (const bool person_name : {false, true}) {
    const std::string utf8 = charset.to_utf8(rest, person_name);
    fuzz::require(dicom::is_valid_utf8(utf8), "decoded texts are UTF-8");
    charset.to_utf8(charset.from_utf8(utf8, person_name), person_name);
    charset.from_utf8(rest, person_name);
    fuzz::require(dicom::is_valid_utf8(dicom::normalize_identifier(utf8)), "search keys are UTF-8");
    std::string json;
    dicom::append_json_string(json, utf8);
    fuzz::require(dicom::is_ascii(json), "JSON is ASCII");
  }
  fuzz::require(dicom::is_valid_utf8(dicom::drop_invalid_utf8(rest)), "what is not UTF-8 is dropped");
  charset.value();
  charset.is_multi_byte();
  return 0;
}
