#include <gtest/gtest.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/remote_query.h>

namespace hilum::rest {
namespace {

Json::Value json(const char* text) { return parse_json(text).value(); }

template <typename Function>
int32_t code_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.http_status(), 400);
    return error.code();
  }
  return HILUM_OK;
}

TEST(RemoteQuery, KeysAreTextsByTag) {
  const dicom::QueryKeys keys = read_query_keys(json(R"({"PatientID":"A","0008,0020":"2020-"})"));
  EXPECT_EQ(keys, (dicom::QueryKeys{{dicom::kPatientId, "A"}, {dicom::kStudyDate, "2020-"}}));
  EXPECT_EQ(code_of([] { read_query_keys(json(R"({"Nope":"A"})")); }), HILUM_E_UNKNOWN_TAG);
  EXPECT_EQ(code_of([] { read_query_keys(json(R"({"Nope":"A"})"), HILUM_E_BAD_FORMAT); }),
            HILUM_E_BAD_FORMAT);
  for (const char* text : {R"({"PatientID":5})", R"({"PatientID":null})", "[]", "5"}) {
    EXPECT_EQ(code_of([text] { read_query_keys(json(text)); }), HILUM_E_BAD_FORMAT) << text;
  }
}

TEST(RemoteQuery, Fields) {
  EXPECT_EQ(read_query_level(json(R"({"Level":"study"})")), dicom::Level::Study);
  EXPECT_EQ(code_of([] { read_query_level(json(R"({"Level":"x"})")); }), HILUM_E_OUT_OF_RANGE);
  EXPECT_EQ(code_of([] { read_query_level(json("{}")); }), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(seconds_field(json(R"({"Timeout":7})"), "Timeout"), 7u);
  EXPECT_EQ(seconds_field(json("[]"), "Timeout"), std::nullopt);
  EXPECT_EQ(code_of([] { seconds_field(json(R"({"Timeout":-1})"), "Timeout"); }), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(code_of([] { seconds_field(json(R"({"Timeout":4294967296})"), "Timeout"); }), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(code_of([] { text_field(json(R"({"LocalAet":7})"), "LocalAet"); }), HILUM_E_BAD_TYPE);
  EXPECT_EQ(form_of(json(R"({"Full":true,"Simplify":false})"), dicom::JsonFormat::Short),
            dicom::JsonFormat::Full);
}

TEST(RemoteQuery, AnswersComeInTheirOwnCharacterSet) {
  const dicom::QueryKeys keys = {{dicom::kPatientName, "M\u00fcller"}, {dicom::kPatientId, ""}};
  const std::string data_set = dicom::write_identifier(std::nullopt, keys, dicom::Encoding::Latin1);
  EXPECT_EQ(keys_of(data_set, dicom::Encoding::Utf8).at(dicom::kPatientName), "M\u00fcller");
  std::string text;
  dicom::JsonWriter writer(text);
  dicom::JsonOptions options;
  options.format = dicom::JsonFormat::Short;
  write_remote_answer(writer, data_set, dicom::Level::Study, options);
  const Json::Value answer = json(text.c_str());
  EXPECT_EQ(answer["0010,0010"].asString(), "M\u00fcller");
  EXPECT_EQ(answer["0008,0052"].asString(), "STUDY");  // the peer has left it out
}

TEST(RemoteQuery, AnswersThatAreNone) {
  for (const std::string& bytes :
       {std::string("nope"), std::string(100, '\xff'), std::string("\x08\0\x05\0CS\xff\xff", 8)}) {
    EXPECT_THROW((void)keys_of(bytes, dicom::Encoding::Utf8), Error);
  }
}

}  // namespace
}  // namespace hilum::rest
