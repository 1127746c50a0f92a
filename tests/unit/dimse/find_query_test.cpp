#include "core/dimse/find_query.h"

#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

#include "core/dimse/element_copy.h"

namespace hilum::dimse {
namespace {

using index::Level;

class FindQueryTest : public ::testing::Test {
 protected:
  void put(const DcmTagKey& tag, const char* value) { query_.putAndInsertString(tag, value); }
  FindQuery parse() {
    return parse_find_query(query_, FindRules{main_tags_, "HILUM", dicom::Encoding::Latin1, false, access_});
  }

  dicom::MainTags main_tags_;
  StorageAccess access_ = StorageAccess::kAlways;
  DcmDataset query_;
};

TEST_F(FindQueryTest, Levels) {
  EXPECT_EQ(parse_level("PATIENT"), Level::kPatient);
  EXPECT_EQ(parse_level("studies"), Level::kStudy);
  EXPECT_EQ(parse_level("Series"), Level::kSeries);
  EXPECT_EQ(parse_level("IMAGES"), Level::kInstance);
  EXPECT_EQ(parse_level("instance"), Level::kInstance);
  EXPECT_FALSE(parse_level(""));
  EXPECT_FALSE(parse_level("WORKLIST"));
}

TEST_F(FindQueryTest, LevelIsNeededAndRepeatedAsReceived) {
  EXPECT_THROW(parse(), Error);
  put(DCM_QueryRetrieveLevel, "nope");
  EXPECT_THROW(parse(), Error);
  put(DCM_QueryRetrieveLevel, "study");
  EXPECT_EQ(parse().level, Level::kStudy);
  EXPECT_EQ(parse().level_text, "study");
}

TEST_F(FindQueryTest, DescriptiveAndEmptyKeysDoNotConstrain) {
  put(DCM_QueryRetrieveLevel, "STUDY");
  put(DCM_SpecificCharacterSet, "ISO_IR 100");
  put(DCM_TimezoneOffsetFromUTC, "+0100");
  put(DCM_PatientID, "");
  put(DCM_StudyDate, "-");
  query_.insertEmptyElement(DCM_RequestAttributesSequence);
  const FindQuery query = parse();
  EXPECT_FALSE(query.is_impossible);
  EXPECT_TRUE(query.constraints.empty());
  EXPECT_TRUE(query.file_constraints.empty());
  ASSERT_EQ(query.keys.size(), 4u);  // in tag order
  EXPECT_EQ(query.keys[0].tag, dicom::kStudyDate);
  EXPECT_EQ(query.keys[1].tag, 0x00080201u);
  EXPECT_EQ(query.keys[2].tag, dicom::kPatientId);
  EXPECT_TRUE(query.keys[3].is_sequence);
}

TEST_F(FindQueryTest, MainTagsOfTheLevelAndAboveGoToTheIndex) {
  put(DCM_QueryRetrieveLevel, "SERIES");
  put(DCM_PatientID, "P1");
  put(DCM_StudyDate, "20200101-");
  put(DCM_Modality, "CT");
  EXPECT_EQ(parse().constraints.size(), 3u);
  EXPECT_FALSE(parse().is_impossible);
}

TEST_F(FindQueryTest, LowerLevelsAndComputedKeysCannotMatch) {
  put(DCM_QueryRetrieveLevel, "STUDY");
  put(DCM_Modality, "CT");
  EXPECT_TRUE(parse().is_impossible);
  query_.findAndDeleteElement(DCM_Modality);
  put(DCM_ModalitiesInStudy, "CT");
  EXPECT_FALSE(parse().is_impossible);
  EXPECT_EQ(parse().constraints.size(), 1u);
  put(DCM_NumberOfStudyRelatedSeries, "2");
  EXPECT_TRUE(parse().is_impossible);
}

TEST_F(FindQueryTest, OtherTagsNeedTheFiles) {
  put(DCM_QueryRetrieveLevel, "STUDY");
  query_.putAndInsertUint16(DCM_Rows, 512);
  ASSERT_EQ(parse().file_constraints.size(), 1u);
  EXPECT_TRUE(parse().file_constraints[0].matcher.matches("512"));
  access_ = StorageAccess::kAnswers;
  EXPECT_TRUE(parse().is_impossible);
}

TEST_F(FindQueryTest, WildcardsInDatesAreErrors) {
  put(DCM_QueryRetrieveLevel, "STUDY");
  put(DCM_StudyDate, "2020*");
  EXPECT_THROW(parse(), Error);
}

TEST_F(FindQueryTest, TextIsDecodedByTheQuerysCharacterSet) {
  put(DCM_QueryRetrieveLevel, "PATIENT");
  put(DCM_SpecificCharacterSet, "ISO_IR 192");
  put(DCM_PatientName, "M\xc3\xbcller*");
  EXPECT_TRUE(parse().constraints.at(0).matcher.matches("M\xc3\xbcller^Anna"));
  put(DCM_SpecificCharacterSet, "ISO_IR 100");
  put(DCM_PatientName, "M\xfcller*");
  EXPECT_TRUE(parse().constraints.at(0).matcher.matches("m\xc3\xbcLLER^Anna"));
}

TEST_F(FindQueryTest, PrivateTagsCarryTheirCreator) {
  put(DCM_QueryRetrieveLevel, "STUDY");
  put(DcmTagKey(0x0029, 0x0010), "ACME");
  query_.insertEmptyElement(DcmTag(0x0029, 0x1003, EVR_LO));
  const FindQuery query = parse();
  ASSERT_EQ(query.keys.size(), 2u);
  EXPECT_EQ(query.keys[1].private_creator, "ACME");
  EXPECT_EQ(query.file_constraints.size(), 1u);  // the creator itself
}

TEST(ElementCopy, ConvertsTextsAlsoInSequences) {
  DcmDataset from;
  from.putAndInsertString(DCM_SpecificCharacterSet, "ISO_IR 100");
  DcmItem* item = nullptr;
  from.findOrCreateSequenceItem(DCM_RequestAttributesSequence, item, -2);
  ASSERT_NE(item, nullptr);
  item->putAndInsertString(DCM_RequestedProcedureDescription,
                           "Sch\xe4"
                           "del");
  DcmElement* sequence = nullptr;
  ASSERT_TRUE(from.findAndGetElement(DCM_RequestAttributesSequence, sequence).good());

  DcmDataset to;
  insert_copy(to, 0x00400275, "", *sequence, dicom::Charset(dicom::Encoding::Latin1),
              dicom::Charset(dicom::Encoding::Utf8));
  ASSERT_TRUE(to.findAndGetSequenceItem(DCM_RequestAttributesSequence, item).good());
  const char* text = nullptr;
  item->findAndGetString(DCM_RequestedProcedureDescription, text);
  EXPECT_STREQ(text,
               "Sch\xc3\xa4"
               "del");
}

TEST(ElementCopy, PrivateTagsMoveToTheBlockOfTheQuery) {
  DcmDataset from;
  from.putAndInsertString(DcmTag(0x0029, 0x0011, EVR_LO), "ACME");
  from.putAndInsertString(DcmTag(0x0029, 0x1103, EVR_LO), "value");
  EXPECT_EQ(private_block(from, 0x0029, "ACME"), 0x11);
  EXPECT_FALSE(private_block(from, 0x0029, "OTHER"));
  DcmElement* element = nullptr;
  ASSERT_TRUE(from.findAndGetElement(DcmTagKey(0x0029, 0x1103), element).good());
  DcmDataset to;
  insert_copy(to, 0x00291003, "ACME", *element, dicom::Charset(), dicom::Charset());
  OFString value;
  ASSERT_TRUE(to.findAndGetOFString(DcmTagKey(0x0029, 0x1003), value).good());
  EXPECT_EQ(value, "value");
}

TEST(ElementCopy, TextsThatDoNotFitTheVrBecomeEmpty) {
  DcmDataset to;
  insert_text(to, 0x00280010, "no number", dicom::Charset());  // Rows, US
  EXPECT_TRUE(to.tagExistsWithValue(DCM_Rows) == OFFalse);
  EXPECT_TRUE(to.tagExists(DCM_Rows));
  insert_text(to, 0x00280010, "512", dicom::Charset());
  Uint16 rows = 0;
  to.findAndGetUint16(DCM_Rows, rows);
  EXPECT_EQ(rows, 512);
}

}  // namespace
}  // namespace hilum::dimse
