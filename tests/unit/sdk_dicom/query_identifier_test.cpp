#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/query_identifier.h>
#include <hilum/dicom/text.h>

namespace hilum::dicom {
namespace {

constexpr Tag kInstitutionName = 0x00080080;
constexpr Tag kModalitiesInStudy = 0x00080061;

ParsedInstance read(const std::string& bytes) {
  return parse_data_set(ByteSource(bytes.data(), bytes.size()), "1.2.840.10008.1.2.1");
}

TEST(QueryIdentifier, Levels) {
  EXPECT_EQ(parse_query_level("patients"), Level::Patient);
  EXPECT_EQ(parse_query_level("Study"), Level::Study);
  EXPECT_EQ(parse_query_level("SERIES"), Level::Series);
  EXPECT_EQ(parse_query_level("Image"), Level::Instance);
  EXPECT_EQ(parse_query_level("instances"), Level::Instance);
  for (const char* text : {"", "Nope", "series ", "instancess", "IMAGE\\STUDY"}) {
    EXPECT_FALSE(parse_query_level(text)) << text;
  }
  EXPECT_STREQ(query_level_term(Level::Instance), "IMAGE");
}

TEST(QueryIdentifier, FindAddsTheIdentifiersOfTheLevelAndAbove) {
  const QueryKeys keys = find_keys(Level::Series, {{kPatientId, "A*"}}, true, "Generic");
  const QueryKeys expected = {
      {kAccessionNumber, ""}, {kPatientId, "A*"}, {kStudyInstanceUid, ""}, {kSeriesInstanceUid, ""}};
  EXPECT_EQ(keys, expected);
  const QueryKeys patient = {{kPatientId, ""}};
  EXPECT_EQ(find_keys(Level::Patient, {}, true, ""), patient);
  EXPECT_EQ(find_keys(Level::Study, {{kPatientId, ""}}, true, "GE").at(kStudyInstanceUid), "*");
  EXPECT_EQ(find_keys(Level::Study, {{kPatientId, ""}}, true, "GE").at(kPatientId), "");
}

TEST(QueryIdentifier, NormalizeLeavesOutWhatIsOfNoLevel) {
  const QueryKeys asked = {
      {kInstitutionName, "x"},          {kModalitiesInStudy, "CT"}, {kStudyDate, "*"},
      {kSeriesInstanceUid, "1"},        {kPatientName, "A"},        {0x00091001, "private"},
      {kQueryRetrieveLevel, "PATIENT"}, {0x00080000, "12"},         {0x00020010, "1.2"}};
  const QueryKeys kept = {{kModalitiesInStudy, "CT"}, {kStudyDate, "*"}, {kPatientName, "A"},
                          {kStudyInstanceUid, ""},    {kPatientId, ""},  {kAccessionNumber, ""}};
  EXPECT_EQ(find_keys(Level::Study, asked, true, "Generic"), kept);
  const QueryKeys all = find_keys(Level::Study, asked, false, "GenericNoUniversalWildcard");
  EXPECT_EQ(all.at(kInstitutionName), "x");
  EXPECT_EQ(all.at(0x00091001), "private");
  EXPECT_EQ(all.at(kStudyDate), "*");
  EXPECT_EQ(all.count(kQueryRetrieveLevel) + all.count(0x00080000) + all.count(0x00020010), 0u);
}

TEST(QueryIdentifier, WildcardsThatSomePeersCannotRead) {
  const QueryKeys asked = {{kStudyDate, "*"}, {kPatientName, "*"}, {kPatientId, "A*"}};
  const QueryKeys dates = find_keys(Level::Study, asked, true, "GenericNoWildcardInDates");
  EXPECT_EQ(dates.at(kStudyDate), "");
  EXPECT_EQ(dates.at(kPatientName), "*");
  const QueryKeys none = find_keys(Level::Study, asked, true, "GenericNoUniversalWildcard");
  EXPECT_EQ(none.at(kStudyDate), "");
  EXPECT_EQ(none.at(kPatientName), "");
  EXPECT_EQ(none.at(kPatientId), "A*");
}

TEST(QueryIdentifier, RetrieveNeedsEveryIdentifier) {
  const QueryKeys all = {{kPatientId, "P"},
                         {kAccessionNumber, "A"},
                         {kStudyInstanceUid, "1"},
                         {kSeriesInstanceUid, "2"},
                         {kSopInstanceUid, "3"}};
  const QueryKeys patient = {{kPatientId, "P"}};
  const QueryKeys series = {{kStudyInstanceUid, "1"}, {kSeriesInstanceUid, "2"}};
  EXPECT_EQ(retrieve_keys(Level::Patient, all), patient);
  EXPECT_EQ(retrieve_keys(Level::Series, all), series);
  for (const QueryKeys& lacking : {QueryKeys{{kSeriesInstanceUid, "2"}},
                                   QueryKeys{{kStudyInstanceUid, ""}, {kSeriesInstanceUid, "2"}}}) {
    try {
      (void)retrieve_keys(Level::Series, lacking);
      ADD_FAILURE() << "not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), HILUM_E_BAD_REQUEST);
      EXPECT_NE(error.details().find("StudyInstanceUID"), std::string::npos) << error.details();
    }
  }
}

TEST(QueryIdentifier, BytesAreADataSetInTheEncoding) {
  const QueryKeys keys = {
      {kPatientName, "M\u00fcller*"}, {0x00280010, "512"}, {0x00400275, ""}, {kStudyDate, "2020-"}};
  const std::string bytes = write_identifier(Level::Study, keys, Encoding::Latin1);
  const ParsedInstance parsed = read(bytes);
  const Charset latin1(Encoding::Latin1);
  EXPECT_EQ(text_of(parsed.data_set(), kSpecificCharacterSet, latin1), "ISO_IR 100");
  EXPECT_EQ(text_of(parsed.data_set(), kQueryRetrieveLevel, latin1), "STUDY");
  EXPECT_EQ(text_of(parsed.data_set(), kPatientName, latin1), "M\u00fcller*");
  EXPECT_EQ(text_of(parsed.data_set(), 0x00280010, latin1), "512");
  EXPECT_TRUE(parsed.data_set().tagExists(DCM_RequestAttributesSequence));
  EXPECT_NE(bytes.find("M\xfcller*"), std::string::npos);
  const std::string worklist = write_identifier(std::nullopt, keys, Encoding::Ascii);
  EXPECT_FALSE(read(worklist).data_set().tagExists(DCM_QueryRetrieveLevel));
  EXPECT_FALSE(read(worklist).data_set().tagExists(DCM_SpecificCharacterSet));
}

TEST(QueryIdentifier, ValuesThatTheirTagCannotHold) {
  for (const QueryKeys& keys : {QueryKeys{{0x00280010, "*"}}, QueryKeys{{0x00400275, "x"}},
                                QueryKeys{{kPatientName, std::string(70000, 'x')}}}) {
    EXPECT_THROW((void)write_identifier(Level::Study, keys, Encoding::Utf8), Error);
  }
}

}  // namespace
}  // namespace hilum::dicom
