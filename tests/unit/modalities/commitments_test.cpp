#include "commitments.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <gtest/gtest.h>
#include <hilum/dicom/parse.h>

namespace hilum::modalities {
namespace {

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";

hilum_commitment_report report_of(const std::string& uid, const std::vector<hilum_commitment_item>& items) {
  hilum_commitment_report report{};
  report.size = sizeof report;
  report.transaction_uid = to_text(uid);
  report.items = items.data();
  report.item_count = items.size();
  return report;
}

hilum_commitment_item item(const char* sop_class, const char* sop_instance, uint32_t reason = 0) {
  return {to_text(std::string_view(sop_class)), to_text(std::string_view(sop_instance)), reason, 0};
}

std::string text_of(const CommitmentReport& report) {
  std::string text;
  dicom::JsonWriter json(text);
  report.write(json);
  return text;
}

TEST(Commitments, OnlyWhatWasAskedForCanBeCommitted) {
  Commitments commitments(10);
  const std::string uid = commitments.open("PEER", {{kCt, "1.1"}, {kCt, "1.2"}});
  const auto report = commitments.find(uid);
  EXPECT_NE(text_of(*report).find("Pending"), std::string::npos);
  EXPECT_FALSE(report->committed());
  EXPECT_TRUE(commitments.take(report_of(uid, {item(kCt, "1.1"), item(kCt, "1.2"), item(kCt, "6.6.6")})));
  EXPECT_EQ(report->committed(), (std::vector<std::string>{"1.1", "1.2"}));
  EXPECT_EQ(text_of(*report).find("6.6.6"), std::string::npos);
}

TEST(Commitments, WhatIsLeftOutOrOfAnotherClassHasFailed) {
  Commitments commitments(10);
  for (const auto& items : {std::vector<hilum_commitment_item>{item(kCt, "1.1")},
                            std::vector<hilum_commitment_item>{item(kCt, "1.1"), item("1.9", "1.2")},
                            std::vector<hilum_commitment_item>{item(kCt, "1.1"), item(kCt, "1.2", 0x0112)}}) {
    const std::string uid = commitments.open("PEER", {{kCt, "1.1"}, {kCt, "1.2"}});
    EXPECT_TRUE(commitments.take(report_of(uid, items)));
    EXPECT_FALSE(commitments.find(uid)->committed());
    EXPECT_NE(text_of(*commitments.find(uid)).find("\"Failure\""), std::string::npos);
  }
}

TEST(Commitments, UnknownTransactionsAreNotOurs) {
  Commitments commitments(1);
  EXPECT_FALSE(commitments.take(report_of("2.25.1", {item(kCt, "1.1")})));
  const std::string first = commitments.open("PEER", {});
  const std::string second = commitments.open("PEER", {});
  EXPECT_NE(first, second);
  EXPECT_FALSE(commitments.take(report_of(first, {})));  // only one is kept
  EXPECT_TRUE(commitments.take(report_of(second, {})));
}

TEST(Commitments, TheRequestIsADataSet) {
  const std::string bytes = write_commitment_request("2.25.7", {{kCt, "1.1"}, {kCt, "1.2"}});
  const auto parsed =
      dicom::parse_data_set(dicom::ByteSource(bytes.data(), bytes.size()), "1.2.840.10008.1.2.1");
  OFString uid;
  EXPECT_TRUE(parsed.data_set().findAndGetOFString(DCM_TransactionUID, uid).good());
  EXPECT_EQ(uid, "2.25.7");
  DcmItem* second = nullptr;
  ASSERT_TRUE(parsed.data_set().findAndGetSequenceItem(DCM_ReferencedSOPSequence, second, 1).good());
  EXPECT_TRUE(second->findAndGetOFString(DCM_ReferencedSOPInstanceUID, uid).good());
  EXPECT_EQ(uid, "1.2");
}

}  // namespace
}  // namespace hilum::modalities
