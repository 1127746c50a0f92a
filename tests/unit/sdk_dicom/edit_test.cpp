#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcmetinf.h>
#include <gtest/gtest.h>
#include <hilum/dicom/anonymization.h>
#include <hilum/dicom/edit.h>
#include <hilum/dicom/edited_file.h>
#include <hilum/dicom/tag_path.h>
#include <hilum/dicom/text.h>

#include <functional>
#include <memory>

#include "dicom_bytes.h"

namespace hilum::dicom {
namespace {

using namespace test;

constexpr Tag kReferencedImageSequence = 0x00081140;

Json::Value json(const std::string& text) {
  Json::Value value;
  Json::CharReaderBuilder builder;
  std::string errors;
  const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
  EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &value, &errors)) << errors;
  return value;
}

std::string shown(DcmItem& item, Tag tag) { return text_of(item, tag, Charset()).value_or("<none>"); }

std::string edited_bytes(DcmItem& item, Tag tag) {
  DcmElement* element = nullptr;
  Uint8* bytes = nullptr;
  if (item.findAndGetElement(DcmTagKey(tag_group(tag), tag_element(tag)), element).bad()) return "<none>";
  if (element->getUint8Array(bytes).bad() || bytes == nullptr) return "<no bytes>";
  return std::string(reinterpret_cast<const char*>(bytes), element->getLength());
}

TEST(TagPath, Forms) {
  const TagPath path = parse_tag_path(" ReferencedImageSequence [ 2 ] . 0010,0010 ");
  ASSERT_EQ(path.steps.size(), 1u);
  EXPECT_EQ(path.steps[0].sequence, kReferencedImageSequence);
  EXPECT_EQ(path.steps[0].index, 2u);
  EXPECT_EQ(path.tag, kPatientName);
  EXPECT_FALSE(parse_tag_path("ReferencedImageSequence[*].PatientName").steps[0].index);
  EXPECT_TRUE(parse_tag_path("(0010-0010)").is_top_level());
  EXPECT_EQ(parse_tag_path("(00100010)").tag, kPatientName);
}

TEST(TagPath, Refusals) {
  const auto code = [](std::string_view path) { return code_of([&] { parse_tag_path(path); }); };
  EXPECT_EQ(code("ReferencedImageSequence.PatientName"), HILUM_E_OUT_OF_RANGE);
  EXPECT_EQ(code("ReferencedImageSequence[].PatientName"), HILUM_E_OUT_OF_RANGE);
  EXPECT_EQ(code("ReferencedImageSequence[-1].PatientName"), HILUM_E_OUT_OF_RANGE);
  EXPECT_EQ(code("ReferencedImageSequence[99999999999].PatientName"), HILUM_E_OUT_OF_RANGE);
  EXPECT_EQ(code("ReferencedImageSequence[0]"), HILUM_E_UNKNOWN_TAG);
  EXPECT_EQ(code("nope"), HILUM_E_UNKNOWN_TAG);
  EXPECT_EQ(code(""), HILUM_E_UNKNOWN_TAG);
  EXPECT_EQ(code("."), HILUM_E_OUT_OF_RANGE);
}

TEST(Edit, ValuesByVr) {
  DcmDataset data_set;
  const Charset latin1(Encoding::Latin1);
  const auto set = [&](Tag tag, const Json::Value& value) { set_json_value(data_set, tag, value, latin1); };
  set(kPatientName, "J\xc3\xb6rg");
  set(0x00280010, "5");
  set(0x00080008, "A\\B");
  set(0x00280009, "FrameTime");
  set(0x00280106, "7");
  set(0x00720074, "1.5\\-2");  // FD
  EXPECT_EQ(shown(data_set, kPatientName), "J\xc3\xb6rg");
  EXPECT_EQ(shown(data_set, 0x00280010), "5");
  EXPECT_EQ(shown(data_set, 0x00080008), "A\\B");
  EXPECT_EQ(shown(data_set, 0x00280009), "0018,1063");
  EXPECT_EQ(shown(data_set, 0x00280106), "7");
  EXPECT_EQ(shown(data_set, 0x00720074), "1.5\\-2");
  set(kPatientName, Json::Value());
  EXPECT_EQ(shown(data_set, kPatientName), "");
  set(0x00080000, "5");  // a group length
  EXPECT_FALSE(has_element(data_set, 0x00080000));
}

TEST(Edit, PrivateTags) {
  DcmDataset data_set;
  const Charset ascii(Encoding::Ascii);
  set_json_value(data_set, 0x7fe11001, "xy", ascii);  // nobody knows its VR
  EXPECT_EQ(edited_bytes(data_set, 0x7fe11001), "xy");
  EXPECT_EQ(code_of([] { check_json_value(0x7fe11001, "x"); }), 0);
}

TEST(Edit, Sequences) {
  DcmDataset data_set;
  const Charset utf8(Encoding::Utf8);
  set_json_value(data_set, kReferencedImageSequence, json(R"([{"PatientName": "A"}, {"Rows": "3"}, {}])"),
                 utf8);
  int items = 0;
  for_each_item(data_set, parse_tag_path("ReferencedImageSequence[*].PatientName"),
                [&](DcmItem&) { ++items; });
  EXPECT_EQ(items, 3);
  for_each_item(data_set, parse_tag_path("ReferencedImageSequence[0].PatientName"),
                [&](DcmItem& item) { EXPECT_EQ(shown(item, kPatientName), "A"); });
  for_each_item(data_set, parse_tag_path("ReferencedImageSequence[3].PatientName"),
                [&](DcmItem&) { FAIL(); });
  for_each_item(data_set, parse_tag_path("RequestAttributesSequence[*].PatientName"),
                [&](DcmItem&) { FAIL(); });
}

TEST(Edit, WrongValues) {
  const auto code = [](Tag tag, const Json::Value& value) {
    return code_of([&] { check_json_value(tag, value); });
  };
  EXPECT_EQ(code(kPatientName, 5), HILUM_E_BAD_TYPE);
  EXPECT_EQ(code(kPatientName, json("[\"x\"]")), HILUM_E_BAD_TYPE);
  EXPECT_EQ(code(0x00280010, "5x"), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(code(0x00280010, "65536"), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(code(0x00280010, "-1"), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(code(0x00280106, "-1"), 0);  // US or SS, as the pixels are
  EXPECT_EQ(code(kReferencedImageSequence, "x"), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(code(kReferencedImageSequence, json("[5]")), HILUM_E_BAD_TYPE);
  EXPECT_EQ(code(kReferencedImageSequence, json(R"([{"nope": "x"}])")), HILUM_E_UNKNOWN_TAG);
  EXPECT_EQ(code(kPatientName, std::string(70000, 'x')), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(code(0x00420011, "data:a/b;base64,Q"), HILUM_E_BAD_FORMAT);
}

TEST(Edit, DataUris) {
  const DataUri uri = parse_data_uri("data:image/png;name=x;base64,QUJD");
  EXPECT_EQ(uri.media_type, "image/png");
  EXPECT_EQ(uri.bytes, "ABC");
  EXPECT_EQ(parse_data_uri("data:;base64,QQ==").bytes, "A");
  EXPECT_EQ(parse_data_uri("data:;base64,").bytes, "");
  for (const char* broken : {"", "data:", "data:a/b,QUJD", "data:a/b;base64,QUI",
                             "data:a/b;base64,Q=I=", "data:a/b;base64,????"}) {
    EXPECT_EQ(code_of([&] { parse_data_uri(broken); }), HILUM_E_BAD_FORMAT) << broken;
  }
}

TEST(Edit, Charsets) {
  EXPECT_TRUE(is_representable(json(R"({"a": "\u00f6"})"), Charset(Encoding::Latin1)));
  EXPECT_FALSE(is_representable(json(R"(["x", {"a": "\u5c71"}])"), Charset(Encoding::Latin1)));
  DcmDataset data_set;
  set_text(data_set, kPatientName, "J\xc3\xb6rg", Charset(Encoding::Latin1));
  change_charset(data_set, Encoding::Latin1, "ISO_IR 192");
  EXPECT_EQ(text_of(data_set, kPatientName, Charset(Encoding::Utf8)), "J\xc3\xb6rg");
  EXPECT_EQ(shown(data_set, kSpecificCharacterSet), "ISO_IR 192");
}

std::string edited(const std::string& source, const std::function<void(EditedFile&)>& edit) {
  EditedFile file(ByteSource(source.data(), source.size()));
  edit(file);
  EditedFile::Result result = file.finish();
  return result.head + source.substr(result.offset, result.size) + result.tail;
}

TEST(EditedFile, PixelsAreCopiedAndWhatFollowsIsPartOfTheDataSet) {
  const std::string pixels = tag_bytes(kPixelData) + "OB" + std::string(2, '\0') + number(0xffffffff, 4) +
                             tag_bytes(0xfffee000) + number(0, 4) + tag_bytes(0xfffee000) + number(4, 4) +
                             "jpeg" + sequence_end();
  const std::string source =
      file(identifiers() + pixels + element(0x7fe10010, "LO", "ACME") + element(0x7fe11001, "LO", "Jones"),
           "1.2.840.10008.1.2.4.50");
  const std::string result = edited(source, [](EditedFile& file) {
    EXPECT_TRUE(file.keeps_pixel_data());
    EXPECT_FALSE(has_element(file.data_set(), kPixelData));
    EXPECT_EQ(shown(file.data_set(), 0x7fe11001), "Jones");
    set_text(file.data_set(), kSopInstanceUid, "1.2.3.5", Charset());
    remove_element(file.data_set(), 0x7fe11001);
  });
  EXPECT_NE(result.find(pixels + element(0x7fe10010, "LO", "ACME")), std::string::npos);
  EXPECT_EQ(result.find("Jones"), std::string::npos);
  ParseOptions whole;
  whole.whole = true;
  const ParsedInstance parsed = parse_file(result.data(), result.size(), whole);
  EXPECT_EQ(parsed.transfer_syntax, "1.2.840.10008.1.2.4.50");
  EXPECT_EQ(shown(parsed.meta_header(), 0x00020003), "1.2.3.5");
}

TEST(EditedFile, PixelsThatAreReplacedOrDropped) {
  const std::string source = file(identifiers() + element(kPixelData, "OW", "ab"));
  const std::string dropped = edited(source, [](EditedFile& file) { file.drop_pixel_data(); });
  EXPECT_FALSE(parse_file(dropped.data(), dropped.size()).has_pixel_data);
  const std::string replaced = edited(source, [](EditedFile& file) {
    file.replace_pixel_data();
    set_bytes(file.data_set(), kPixelData, EVR_OW, "xyz");
  });
  EXPECT_NE(replaced.find(std::string("xyz\0", 4)), std::string::npos);
}

TEST(EditedFile, ForeignGroupsAndGroupLengthsGo) {
  const std::string source = file(element(0x00080000, "UL", number(99, 4)) + identifiers());
  const std::string result = edited(source, [](EditedFile&) {});
  EXPECT_FALSE(has_element(parse_file(result.data(), result.size()).data_set(), 0x00080000));
}

TEST(EditedFile, RefusesMoreElementsThanItCanRemove) {
  std::string many = file(identifiers());
  for (uint32_t i = 0; i <= 100000; ++i)
    many += element(((0x41u + 2 * (i / 0x8000)) << 16) | (0x1000 + i % 0x8000), "CS", "AB");
  EXPECT_EQ(code_of([&] { EditedFile refused(ByteSource(many.data(), many.size())); }), HILUM_E_TOO_LARGE);
}

TEST(Anonymization, Rules) {
  using Edition = AnonymizationEdition;
  EXPECT_EQ(anonymization_rule(Edition::E2008, 0x00080050), AnonymizationRule::Remove);
  EXPECT_EQ(anonymization_rule(Edition::E2023b, 0x00080050), AnonymizationRule::Empty);
  EXPECT_EQ(anonymization_rule(Edition::E2017c, 0x00081155), AnonymizationRule::MapUid);
  EXPECT_EQ(anonymization_rule(Edition::E2021b, 0x00080012), AnonymizationRule::Keep);
  EXPECT_EQ(anonymization_rule(Edition::E2023b, 0x00080012), AnonymizationRule::Remove);
  EXPECT_EQ(anonymization_rule(Edition::E2023b, 0x50123000), AnonymizationRule::Remove);
  EXPECT_EQ(anonymization_rule(Edition::E2023b, 0x60023000), AnonymizationRule::Remove);
  EXPECT_EQ(anonymization_rule(Edition::E2023b, 0x60020010), AnonymizationRule::Keep);
  EXPECT_EQ(anonymization_rule(Edition::E2008, 0x60023000), AnonymizationRule::Keep);
  for (const Edition edition : {Edition::E2008, Edition::E2017c, Edition::E2021b, Edition::E2023b}) {
    EXPECT_EQ(find_anonymization_edition(anonymization_edition_name(edition)), edition);
    EXPECT_EQ(anonymization_rule(edition, kPatientName), AnonymizationRule::Keep);  // the caller's
    EXPECT_EQ(anonymization_rule(edition, kModality), AnonymizationRule::Keep);
  }
}

// How many tags each edition names: a slip in the table would change it.
TEST(Anonymization, CountsOfTheTables) {
  struct Counts {
    AnonymizationEdition edition;
    int removed, emptied, mapped;
  };
  for (const Counts& counts :
       {Counts{AnonymizationEdition::E2008, 39, 0, 8}, Counts{AnonymizationEdition::E2017c, 216, 20, 31},
        Counts{AnonymizationEdition::E2021b, 317, 85, 47},
        Counts{AnonymizationEdition::E2023b, 408, 138, 51}}) {
    int removed = 0, emptied = 0, mapped = 0;
    for (const uint32_t group :
         {0x0u,    0x2u,    0x4u,    0x8u,    0x10u,   0x12u,   0x14u,   0x16u,   0x18u,   0x20u,   0x28u,
          0x32u,   0x34u,   0x38u,   0x3au,   0x40u,   0x42u,   0x44u,   0x50u,   0x62u,   0x64u,   0x68u,
          0x6au,   0x70u,   0x72u,   0x74u,   0x88u,   0x100u,  0x400u,  0x2030u, 0x2100u, 0x2200u, 0x3002u,
          0x3006u, 0x3008u, 0x300au, 0x300cu, 0x300eu, 0x3010u, 0x4000u, 0x4008u, 0xfffau, 0xfffcu}) {
      for (uint32_t element = 0; element <= 0xffff; ++element) {
        const AnonymizationRule rule = anonymization_rule(counts.edition, group << 16 | element);
        removed += rule == AnonymizationRule::Remove;
        emptied += rule == AnonymizationRule::Empty;
        mapped += rule == AnonymizationRule::MapUid;
      }
    }
    EXPECT_EQ(removed, counts.removed) << anonymization_edition_name(counts.edition);
    EXPECT_EQ(emptied, counts.emptied) << anonymization_edition_name(counts.edition);
    EXPECT_EQ(mapped, counts.mapped) << anonymization_edition_name(counts.edition);
  }
}

}  // namespace
}  // namespace hilum::dicom
