#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/worklist_match.h>

namespace hilum::dicom {
namespace {

class WorklistMatchTest : public ::testing::Test {
 protected:
  static void put(DcmItem& item, const DcmTagKey& tag, const char* value) {
    ASSERT_TRUE(item.putAndInsertString(tag, value).good());
  }
  static DcmItem& step(DcmItem& of, long index = 0) {
    DcmItem* item = nullptr;
    of.findOrCreateSequenceItem(DCM_ScheduledProcedureStepSequence, item, index);
    return *item;
  }
  void SetUp() override {
    put(entry_, DCM_SpecificCharacterSet, "ISO_IR 100");
    put(entry_, DCM_PatientName, "M\xfcller^Anna");
    put(entry_, DCM_PatientID, "P1");
    put(entry_, DCM_AccessionNumber, "");
    put(step(entry_), DCM_Modality, "MR");
    put(step(entry_), DCM_ScheduledStationAETitle, "AA32\\AA33");
    put(step(entry_), DCM_ScheduledProcedureStepStartDate, "19951015");
    put(step(entry_, 1), DCM_Modality, "CT");
  }
  bool matches(bool case_sensitive_pn = false) {
    return WorklistQuery(query_, Encoding::Latin1, case_sensitive_pn)
        .matches(WorklistItem(entry_, Charset(Encoding::Latin1)));
  }
  std::unique_ptr<DcmDataset> answer() {
    return WorklistQuery(query_, Encoding::Latin1, false).answer(entry_, Encoding::Latin1, Encoding::Utf8);
  }

  DcmDataset query_, entry_;
};

TEST_F(WorklistMatchTest, EveryKeyMustMatch) {
  EXPECT_TRUE(matches());
  put(query_, DCM_PatientID, "P1");
  EXPECT_TRUE(matches());
  put(query_, DCM_PatientName, "m\xfcller*");  // person names ignore case
  EXPECT_TRUE(matches());
  EXPECT_FALSE(matches(true));
  put(query_, DCM_PatientID, "p1");  // others do not
  EXPECT_FALSE(matches());
}

TEST_F(WorklistMatchTest, AbsentTagsMatchNoConstraint) {
  put(query_, DCM_StudyID, "");
  EXPECT_TRUE(matches());
  put(query_, DCM_StudyID, "*");
  EXPECT_FALSE(matches());
  query_.findAndDeleteElement(DCM_StudyID);
  put(query_, DCM_AccessionNumber, "*");  // there, and empty
  EXPECT_TRUE(matches());
}

TEST_F(WorklistMatchTest, OneItemOfASequenceMustMatchAsAWhole) {
  put(step(query_), DCM_Modality, "CT");
  EXPECT_TRUE(matches());
  put(step(query_), DCM_ScheduledProcedureStepStartDate, "19951001-19951031");
  EXPECT_FALSE(matches());  // the date is that of the other item
  put(step(query_), DCM_Modality, "MR");
  EXPECT_TRUE(matches());
  put(step(query_), DCM_Modality, "mr");
  EXPECT_FALSE(matches());
}

TEST_F(WorklistMatchTest, OneOfSeveralTitlesSuffices) {
  put(step(query_), DCM_ScheduledStationAETitle, "AA33");
  EXPECT_TRUE(matches());
  put(step(query_), DCM_ScheduledStationAETitle, "A*");
  EXPECT_TRUE(matches());
  put(step(query_), DCM_ScheduledStationAETitle, "AA34");
  EXPECT_FALSE(matches());
}

TEST_F(WorklistMatchTest, ASequenceThatTheEntryLacksMatchesOnlyEmptyKeys) {
  DcmItem* item = nullptr;
  query_.findOrCreateSequenceItem(DCM_RequestedProcedureCodeSequence, item, 0);
  put(*item, DCM_CodeValue, "");
  EXPECT_TRUE(matches());
  put(*item, DCM_CodeValue, "1");
  EXPECT_FALSE(matches());
}

TEST_F(WorklistMatchTest, HostileQueriesAreRefused) {
  step(query_, 1);
  EXPECT_THROW(matches(), Error);  // two items
  query_.clear();
  put(query_, DCM_StudyInstanceUID, "1.2.*");
  EXPECT_THROW(matches(), Error);
  query_.clear();
  put(step(query_), DCM_ScheduledProcedureStepStartDate, "1995*");
  EXPECT_THROW(matches(), Error);
}

TEST_F(WorklistMatchTest, EmptyItemsOfReferencesAreNoKeys) {
  DcmItem* item = nullptr;
  query_.findOrCreateSequenceItem(DCM_ReferencedStudySequence, item, 0);
  query_.findOrCreateSequenceItem(DCM_ReferencedStudySequence, item, 1);
  EXPECT_TRUE(matches());
}

TEST_F(WorklistMatchTest, AnswersHaveWhatWasAskedForInTheEncodingOfTheAnswer) {
  put(query_, DCM_PatientName, "");
  put(query_, DCM_StudyID, "");
  put(query_, DCM_AccessionNumber, "");
  put(step(query_), DCM_Modality, "");
  const auto made = answer();
  EXPECT_EQ(made->card(), 4u);  // without StudyID, with the character set
  OFString value;
  ASSERT_TRUE(made->findAndGetOFString(DCM_PatientName, value).good());
  EXPECT_EQ(value, "M\xc3\xbcller^Anna");
  ASSERT_TRUE(made->findAndGetOFString(DCM_SpecificCharacterSet, value).good());
  EXPECT_EQ(value, "ISO_IR 192");
  EXPECT_TRUE(made->tagExists(DCM_AccessionNumber));
  DcmItem* item = nullptr;
  ASSERT_TRUE(made->findAndGetSequenceItem(DCM_ScheduledProcedureStepSequence, item, 1).good());
  EXPECT_EQ(item->card(), 1u);
  ASSERT_TRUE(made->findAndGetSequenceItem(DCM_ScheduledProcedureStepSequence, item, 0).good());
  EXPECT_EQ(item->card(), 1u);
  // A sequence without item: all of it.
  query_.clear();
  query_.insertEmptyElement(DCM_ScheduledProcedureStepSequence);
  const auto whole = answer();
  ASSERT_TRUE(whole->findAndGetSequenceItem(DCM_ScheduledProcedureStepSequence, item, 0).good());
  EXPECT_EQ(item->card(), 3u);
  // Nothing asked: nothing but the character set.
  query_.clear();
  EXPECT_EQ(answer()->card(), 1u);
}

}  // namespace
}  // namespace hilum::dicom
