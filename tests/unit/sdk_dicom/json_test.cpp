#include <gtest/gtest.h>
#include <hilum/dicom/json.h>
#include <hilum/dicom/main_tags.h>
#include <hilum/dicom/modules.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/text.h>
#include <hilum/dicom/transfer_syntax.h>

#include <algorithm>
#include <cstring>

#include "dicom_bytes.h"

namespace hilum::dicom {
namespace {

using namespace test;

std::string json_of(const std::string& data_set, JsonFormat format, JsonOptions options = {}) {
  options.format = format;
  const std::string bytes = file(data_set);
  return tags_json(parse_file(bytes.data(), bytes.size()), options);
}

template <typename Number>
std::string raw(Number value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

TEST(JsonWriter, Layout) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("a", "x");
  json.key("b");
  json.begin_array();
  json.integer(1);
  json.begin_object();
  json.end_object();
  json.begin_array();
  json.boolean(false);
  json.end_array();
  json.end_array();
  json.key("c");
  json.begin_array();
  json.end_array();
  json.key("d");
  json.begin_object();
  json.end_object();
  json.key("e");
  json.raw("[\n   1\n]");
  json.key("f");
  json.null();
  json.end_object();
  EXPECT_EQ(out,
            "{\n   \"a\" : \"x\",\n   \"b\" : \n   [\n      1,\n      {},\n      [\n         false\n      "
            "]\n   ],\n"
            "   \"c\" : [],\n   \"d\" : {},\n   \"e\" : \n   [\n      1\n   ],\n   \"f\" : null\n}");
}

TEST(JsonWriter, Strings) {
  const auto escaped = [](std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
  };
  EXPECT_EQ(escaped("a/<\"\\\n\x01"), "\"a/<\\\"\\\\\\n\\u0001\"");
  EXPECT_EQ(escaped("é😀"), "\"\\u00e9\\ud83d\\ude00\"");
  EXPECT_EQ(escaped("a\xe9z\xff"), "\"a\\ufffdz\\ufffd\"");
  EXPECT_EQ(escaped(""), "\"\"");
}

TEST(TagsJson, Full) {
  const std::string data_set =
      element(0x00081140, "SQ", item(element(0x00081150, "UI", "1.2"))) + element(0x00090010, "LO", "ME") +
      element(0x00091001, "LO", "x") + element(0x00100010, "PN", "A^B") + element(0x00101000, "LO", "") +
      element(0x00280106, "US", raw<uint16_t>(7)) + element(kPixelData, "OW", "abcd");
  EXPECT_EQ(json_of(data_set, JsonFormat::Full), R"({
   "0008,1140" : 
   {
      "Name" : "ReferencedImageSequence",
      "Type" : "Sequence",
      "Value" : 
      [
         {
            "0008,1150" : 
            {
               "Name" : "ReferencedSOPClassUID",
               "Type" : "String",
               "Value" : "1.2"
            }
         }
      ]
   },
   "0009,0010" : 
   {
      "Name" : "PrivateCreator",
      "Type" : "String",
      "Value" : "ME"
   },
   "0009,1001" : 
   {
      "Name" : "Unknown Tag & Data",
      "PrivateCreator" : "ME",
      "Type" : "String",
      "Value" : "x"
   },
   "0010,0010" : 
   {
      "Name" : "PatientName",
      "Type" : "String",
      "Value" : "A^B"
   },
   "0010,1000" : 
   {
      "Name" : "OtherPatientIDs",
      "Type" : "String",
      "Value" : ""
   },
   "0028,0106" : 
   {
      "Name" : "SmallestImagePixelValue",
      "Type" : "String",
      "Value" : "7"
   },
   "7fe0,0010" : 
   {
      "Name" : "PixelData",
      "Type" : "Null",
      "Value" : null
   }
})");
}

TEST(TagsJson, SimplifiedIsSortedAndTheLastOfANameWins) {
  const std::string data_set = element(0x00091001, "LO", "first") + element(0x00091002, "LO", "last") +
                               element(0x00100010, "PN", "A") + element(0x00100020, "LO", "B");
  EXPECT_EQ(
      json_of(data_set, JsonFormat::Simplified),
      "{\n   \"PatientID\" : \"B\",\n   \"PatientName\" : \"A\",\n   \"Unknown Tag & Data\" : \"last\"\n}");
}

TEST(TagsJson, Values) {
  const auto value = [](Tag tag, const char* vr, const std::string& bytes) {
    const std::string json = json_of(element(tag, vr, bytes), JsonFormat::Short);
    const size_t colon = json.find(" : ");
    return json.substr(colon + 3, json.size() - colon - 5);
  };
  EXPECT_EQ(value(0x00280030, "DS", "-1024.50"), "\"-1024.50\"");
  EXPECT_EQ(value(0x00200013, "IS", "  7 "), "\"  7\"");
  EXPECT_EQ(value(0x00080008, "CS", "a\\b \\ c"), "\"a\\\\b \\\\ c\"");
  EXPECT_EQ(value(0x00104000, "LT", "  two\r\nlines  "), "\"  two\\r\\nlines\"");
  EXPECT_EQ(value(0x00280010, "US", raw<uint16_t>(512)), "\"512\"");
  EXPECT_EQ(value(0x00280010, "US", ""), "null");
  EXPECT_EQ(value(0x00189219, "SS", raw<int16_t>(-3) + raw<int16_t>(4)), "\"-3\\\\4\"");
  EXPECT_EQ(value(0x00189073, "FD", raw(0.1)), "\"0.10000000000000001\"");
  EXPECT_EQ(value(0x00189073, "FD", raw(1e-5)), "\"1.0000000000000001e-05\"");
  EXPECT_EQ(value(0x00189073, "FD", raw(-0.0)), "\"-0\"");
  EXPECT_EQ(value(0x00189073, "FD", raw(1e10)), "\"10000000000\"");
  EXPECT_EQ(value(0x00189306, "FL", raw(0.1f)), "\"0.10000000149011612\"");
  EXPECT_EQ(value(0x00660016, "OF", raw(1.5f) + raw(2.0f)), "\"1.5\\\\2\"");
  EXPECT_EQ(value(0x00280009, "AT",
                  raw<uint16_t>(0x18) + raw<uint16_t>(0x1063) + raw<uint16_t>(0x18) + raw<uint16_t>(1)),
            "\"0018,1063\"");
  EXPECT_EQ(value(0x00091001, "OB", "abcd"), "null");
  EXPECT_EQ(value(0x00091001, "UN", "abcd"), "null");
  EXPECT_EQ(value(0x00100010, "UN", "A^B "), "\"A^B \"");
  EXPECT_EQ(value(0x00081140, "SQ", ""), "[]");
}

TEST(TagsJson, AmbiguousInImplicitVrIsNull) {
  const std::string bytes = file(implicit(0x00280106, raw<uint16_t>(7)), std::string(kImplicitLittleEndian));
  JsonOptions options;
  options.format = JsonFormat::Short;
  EXPECT_EQ(tags_json(parse_file(bytes.data(), bytes.size()), options), "{\n   \"0028,0106\" : null\n}");
}

TEST(TagsJson, LengthLimitCountsUtf8) {
  const std::string charset = element(kSpecificCharacterSet, "CS", "ISO_IR 100");
  const std::string fits = charset + element(0x00104000, "LT", std::string(128, '\xe9'));
  const std::string too_long = charset + element(0x00104000, "LT", std::string(129, '\xe9'));
  EXPECT_NE(json_of(fits, JsonFormat::Full).find("00e9"), std::string::npos);
  EXPECT_NE(json_of(too_long, JsonFormat::Full).find("\"TooLong\""), std::string::npos);
  JsonOptions options;
  options.ignore_length = {0x00104000, 0x00080005};
  EXPECT_EQ(json_of(too_long, JsonFormat::Full, options).find("TooLong"), std::string::npos);
}

TEST(TagsJson, OnlySomeTags) {
  const std::string data_set =
      element(0x00080060, "CS", "MR") + element(0x00100010, "PN", "A") + element(kPixelData, "OW", "ab");
  JsonOptions options;
  options.only = &module_tags(Level::Patient);
  EXPECT_EQ(json_of(data_set, JsonFormat::Short, options), "{\n   \"0010,0010\" : \"A\"\n}");
  for (const Level level : {Level::Patient, Level::Study, Level::Series, Level::Instance})
    EXPECT_TRUE(std::is_sorted(module_tags(level).begin(), module_tags(level).end()));
}

TEST(TagsJson, ItemsMayHaveTheirOwnCharset) {
  const std::string inner =
      element(kSpecificCharacterSet, "CS", "ISO_IR 144") + element(0x00100010, "PN", "\xbb");
  const std::string data_set =
      element(kSpecificCharacterSet, "CS", "ISO_IR 100") +
      element(0x00081140, "SQ", item(inner) + item(element(0x00100010, "PN", "\xe9"))) +
      element(0x00100010, "PN", "\xe9");
  const std::string json = json_of(data_set, JsonFormat::Short);
  EXPECT_NE(json.find("\\u041b"), std::string::npos) << json;
  EXPECT_EQ(std::count(json.begin(), json.end(), '\x09'), 0);
  EXPECT_NE(json.find("\\u00e9"), json.rfind("\\u00e9")) << "the second item inherits";
}

TEST(DicomModel, JsonAndXml) {
  const std::string bytes = file(element(kSpecificCharacterSet, "CS", "ISO_IR 100") +
                                 element(0x00081140, "SQ", item(element(0x00081150, "UI", "1.2"))) +
                                 element(0x00100010, "PN", "J\xe9r^A=\xe8") + element(0x00200013, "IS", "7") +
                                 element(0x00280030, "DS", "0.5\\1") + element(kPixelData, "OW", "abcd"));
  const ParsedInstance instance = parse_file(bytes.data(), bytes.size());
  const std::string json = dicom_json(instance);
  std::string compact;
  for (char c : json)
    if (c != '\n' && c != ' ' && c != '\t') compact += c;
  EXPECT_EQ(compact, R"({"00080005":{"Value":["ISO_IR192"],"vr":"CS"},)"
                     R"("00081140":{"Value":[{"00081150":{"Value":["1.2"],"vr":"UI"}}],"vr":"SQ"},)"
                     R"("00100010":{"Value":[{"Alphabetic":"J\u00e9r^A","Ideographic":"\u00e8"}],"vr":"PN"},)"
                     R"("00200013":{"Value":[7],"vr":"IS"},"00280030":{"Value":[0.5,1.0],"vr":"DS"}})");
  const std::string xml = dicom_xml(instance);
  EXPECT_NE(
      xml.find("<DicomAttribute tag=\"00100010\" vr=\"PN\" keyword=\"PatientName\"><PersonName number=\"1\">"
               "<Alphabetic><FamilyName>Jér</FamilyName><GivenName>A</GivenName></Alphabetic>"
               "<Ideographic><FamilyName>è</FamilyName></Ideographic></PersonName></DicomAttribute>"),
      std::string::npos)
      << xml;
}

TEST(MainTags, Extraction) {
  const std::string bytes = file(element(0x00080060, "CS", "MR") + element(0x0008103e, "LO", "") +
                                 element(0x00081070, "PN", "A\\B") + element(0x0020000e, "UI", "1.2") +
                                 element(0x00201002, "IS", std::string(258, '1')) +
                                 element(0x00400275, "SQ", item(element(0x00400007, "LO", "step"))));
  const ParsedInstance instance = parse_file(bytes.data(), bytes.size());
  const auto values = MainTags().extract(instance.data_set(), Level::Series, Charset());
  ASSERT_EQ(values.size(), 5u);
  EXPECT_EQ(values[0], (TagValue{0x00080060, "MR", false}));
  EXPECT_EQ(values[1], (TagValue{0x0008103e, "", false})) << "present but empty";
  EXPECT_EQ(values[2], (TagValue{0x00081070, "A\\B", false}));
  EXPECT_EQ(values[3].tag, 0x0020000eu);
  EXPECT_TRUE(values[4].is_json);
  EXPECT_NE(values[4].value.find("\"ScheduledProcedureStepDescription\""), std::string::npos);
}

TEST(MainTags, Table) {
  MainTags tags;
  EXPECT_EQ(tags.signature(Level::Patient), "0010,0010;0010,0020;0010,0030;0010,0040;0010,1000");
  EXPECT_EQ(code_of([&] { tags.add(Level::Patient, kPatientName); }), HILUM_E_MAIN_TAGS_TWICE);
  EXPECT_EQ(code_of([&] { tags.add(Level::Patient, 0x00091001); }), HILUM_E_OUT_OF_RANGE);
  tags.add(Level::Instance, 0x00280010);
  EXPECT_EQ(tags.level_of(0x00280010), Level::Instance);
  EXPECT_FALSE(tags.level_of(0x00280011));
  for (const Level level : {Level::Patient, Level::Study, Level::Series, Level::Instance})
    EXPECT_TRUE(std::is_sorted(tags.tags(level).begin(), tags.tags(level).end())) << level_name(level);
}

TEST(Tags, Names) {
  for (const char* name : {"PatientID", "0010,0020", "0010-0020", "00100020"})
    EXPECT_EQ(parse_tag(name), kPatientId);
  EXPECT_EQ(parse_tag("7FE0,0010"), kPixelData);
  for (const char* bad : {"", "Nope", "0010", "0010,002", "0010:0020", "001g0020"})
    EXPECT_EQ(code_of([&] { parse_tag(bad); }), HILUM_E_UNKNOWN_TAG) << bad;
  EXPECT_EQ(parse_tag("OtherPatientIDs"), kOtherPatientIds);
  EXPECT_EQ(tag_name(kOtherPatientIds), "OtherPatientIDs");
  EXPECT_EQ(tag_name(0x00080000), "GenericGroupLength");
  EXPECT_EQ(tag_name(0x00090000), "PrivateGroupLength");
  EXPECT_EQ(tag_name(0x00090010), "PrivateCreator");
  EXPECT_EQ(tag_name(0x00081000 + 0x0fff), "Unknown Tag & Data");
  EXPECT_EQ(tag_name(0x00091030, "GEMS_IDEN_01").substr(0, 7),
            tag_name(0x00091130, "GEMS_IDEN_01").substr(0, 7));
  EXPECT_EQ(tag_name(0x00091002, "GEMS_IDEN_01"), "SuiteId");
  EXPECT_EQ(tag_name(0x00081030 - 0x1030 + 0x0040).rfind("RETIRED_", 0), 0u);
  EXPECT_EQ(dictionary_vr(kPatientName), EVR_PN);
  EXPECT_STREQ(vr_name(EVR_xs), "US");
}

}  // namespace
}  // namespace hilum::dicom
