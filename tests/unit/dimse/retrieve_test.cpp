// What C-MOVE and C-GET are made of: lookups, contexts, last responses, requests.
#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <stdlib.h>

#include <filesystem>
#include <map>

#include "core/dimse/commitment.h"
#include "core/dimse/get_scp.h"
#include "core/dimse/query_filters.h"
#include "core/dimse/retrieve_lookup.h"
#include "core/index/leveldb_store.h"
#include "core/index/transaction.h"

namespace hilum::dimse {
namespace {

using dicom::Tag;
using index::Level;

constexpr const char* kImplicit = "1.2.840.10008.1.2";
constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
constexpr const char* kBigEndian = "1.2.840.10008.1.2.2";
constexpr const char* kJpeg = "1.2.840.10008.1.2.4.70";

class LookupTest : public ::testing::Test {
 protected:
  LookupTest() {
    std::string path = (std::filesystem::temp_directory_path() / "hilum-retrieve-XXXXXX").string();
    folder_ = mkdtemp(path.data());
    store_ = index::LevelDbStore::open(folder_ + "/index");
    index::Transaction transaction(*store_);
    add(transaction, "P1", "A1", "1.1", "1.1.1", "1.1.1.1");
    add(transaction, "P1", "A1", "1.1", "1.1.1", "1.1.1.2");
    add(transaction, "P1", "A2", "1.2", "1.2.1", "1.2.1.1");
    add(transaction, "P2", "", "2.1", "2.1.1", "2.1.1.1");
    store_->write(transaction.take(), false);
  }
  ~LookupTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  static void add(index::Transaction& transaction, const std::string& patient, const std::string& accession,
                  const std::string& study, const std::string& series, const std::string& instance) {
    const dicom::Identifiers ids{patient, study, series, instance};
    index::NewInstance made;
    made.ids = {ids.patient(), ids.study(), ids.series(), ids.instance()};
    made.tags[0] = {{dicom::kPatientId, patient, false}};
    made.tags[1] = {{dicom::kAccessionNumber, accession, false}, {dicom::kStudyInstanceUid, study, false}};
    made.tags[2] = {{dicom::kSeriesInstanceUid, series, false}};
    made.tags[3] = {{dicom::kSopInstanceUid, instance, false}};
    transaction.add_instance(made);
  }

  // The number of instances; 0 if the lookup fails.
  size_t look_up(const std::map<DcmTagKey, std::string>& keys, bool is_get = false) {
    DcmDataset identifier;
    for (const auto& [tag, value] : keys) {
      identifier.putAndInsertString(tag, value.c_str());
    }
    const index::Snapshot snapshot(store_->snapshot());
    try {
      return instances_of(look_up_resources(identifier, snapshot, {dicom::Encoding::Latin1, is_get, is_get},
                                            [] { return true; }),
                          snapshot)
          .size();
    } catch (const Error&) {
      return 0;
    }
  }

  std::string folder_;
  std::unique_ptr<index::LevelDbStore> store_;
};

TEST_F(LookupTest, KeysOfEachLevel) {
  EXPECT_EQ(look_up({{DCM_QueryRetrieveLevel, "PATIENT"}, {DCM_PatientID, "P1"}}), 3u);
  EXPECT_EQ(look_up({{DCM_QueryRetrieveLevel, "STUDY"}, {DCM_StudyInstanceUID, "1.1"}}), 2u);
  EXPECT_EQ(
      look_up(
          {{DCM_QueryRetrieveLevel, "STUDY"}, {DCM_AccessionNumber, "A2"}, {DCM_StudyInstanceUID, "1.1"}}),
      1u);
  EXPECT_EQ(
      look_up({{DCM_QueryRetrieveLevel, "STUDY"}, {DCM_AccessionNumber, ""}, {DCM_StudyInstanceUID, "1.1"}}),
      2u);
  EXPECT_EQ(look_up({{DCM_QueryRetrieveLevel, "STUDY"}, {DCM_AccessionNumber, ""}}), 0u);
  EXPECT_EQ(look_up({{DCM_QueryRetrieveLevel, "SERIES"}, {DCM_SeriesInstanceUID, "1.1.1"}}), 2u);
  EXPECT_EQ(look_up({{DCM_QueryRetrieveLevel, "IMAGE"}, {DCM_SOPInstanceUID, "1.1.1.2"}}), 1u);
  // The key of another level does not count.
  EXPECT_EQ(look_up({{DCM_QueryRetrieveLevel, "SERIES"}, {DCM_PatientID, "P1"}}), 0u);
}

TEST_F(LookupTest, ListsAndWildcards) {
  const auto series = [&](const std::string& value, bool is_get) {
    return look_up({{DCM_QueryRetrieveLevel, "SERIES"}, {DCM_SeriesInstanceUID, value}}, is_get);
  };
  EXPECT_EQ(series("1.1.1\\2.1.1", true), 3u);
  EXPECT_EQ(series("1.1.1\\1.1.1", true), 2u);  // each once
  EXPECT_EQ(series("1.1.1\\", true), 2u);
  EXPECT_EQ(series("1.1.1\\9", false), 2u);
  EXPECT_EQ(series("1.1.1\\9", true), 0u);
  EXPECT_EQ(series("1.1.*", false), 0u);
  EXPECT_EQ(series("*", false), 0u);
  EXPECT_EQ(look_up({{DCM_QueryRetrieveLevel, "PATIENT"}, {DCM_PatientID, "P?"}}), 0u);
}

TEST_F(LookupTest, TheLevelMayBeAbsentInAMove) {
  EXPECT_EQ(look_up({{DCM_PatientID, "P1"}, {DCM_SOPInstanceUID, "1.1.1.2"}}), 1u);
  EXPECT_EQ(look_up({{DCM_PatientID, "P1"}, {DCM_StudyInstanceUID, "1.1"}}), 2u);
  EXPECT_EQ(look_up({{DCM_PatientID, "P1"}}), 3u);
  EXPECT_EQ(look_up({{DCM_PatientID, "P1"}}, true), 0u);
  EXPECT_EQ(look_up({}), 0u);
  EXPECT_EQ(look_up({{DCM_QueryRetrieveLevel, "WORLD"}, {DCM_PatientID, "P1"}}), 0u);
}

TEST(ChooseContext, OwnSyntaxThenUncompressedOnes) {
  const auto choose = [](const std::vector<StorageContext>& contexts, const char* syntax,
                         bool may_transcode) {
    const StorageContext* chosen = choose_context(contexts, "CT", syntax, may_transcode);
    return chosen == nullptr ? 0 : chosen->id;
  };
  const std::vector<StorageContext> all = {
      {1, "MR", kJpeg}, {3, "CT", kBigEndian}, {5, "CT", kExplicit}, {7, "CT", kImplicit}, {9, "CT", kJpeg}};
  EXPECT_EQ(choose(all, kJpeg, true), 9);
  EXPECT_EQ(choose(all, kExplicit, false), 5);
  EXPECT_EQ(choose(all, "1.2.840.10008.1.2.4.90", true), 7);
  EXPECT_EQ(choose(all, "1.2.840.10008.1.2.4.90", false), 0);
  EXPECT_EQ(choose({{9, "CT", kJpeg}}, kExplicit, true), 9);  // what is not compressed may be
  EXPECT_EQ(choose({{9, "CT", kJpeg}}, "1.2.840.10008.1.2.4.90", true), 0);
  EXPECT_EQ(choose({{1, "MR", kExplicit}}, kExplicit, true), 0);
}

TEST(RetrieveOutcomeTest, LastStatus) {
  const auto last = [](uint64_t completed, uint64_t failed, uint64_t warning) {
    RetrieveOutcome outcome;
    outcome.counters.completed = completed;
    outcome.counters.warning = warning;
    for (uint64_t i = 0; i < failed; ++i) {
      outcome.fail("1.2." + std::to_string(i));
    }
    conclude(&outcome);
    EXPECT_FALSE(outcome.counters.has_remaining);
    return outcome.status;
  };
  EXPECT_EQ(last(3, 0, 0), 0);
  EXPECT_EQ(last(2, 1, 0), 0xb000);
  EXPECT_EQ(last(2, 0, 1), 0xb000);
  EXPECT_EQ(last(0, 1, 1), 0xb000);
  EXPECT_EQ(last(0, 2, 0), 0xa702);
}

TEST(RetrieveOutcomeTest, FailedListFitsItsVr) {
  RetrieveOutcome outcome;
  EXPECT_EQ(failed_list(outcome, kExplicit), "");
  const std::string uid(64, '1');
  for (int i = 0; i < 5000; ++i) {
    outcome.fail(uid);
  }
  EXPECT_EQ(outcome.counters.failed, 5000u);
  const std::string list = failed_list(outcome, kExplicit);
  EXPECT_EQ(list.substr(0, 6), std::string("\x08\0\x58\0UI", 6));
  EXPECT_LT(list.size(), 65536u);
}

TEST(RequestCommand, IsReadAsItWasMeant) {
  Request request{kStoreRequest, 7, "1.2.3", "1.2.3.4"};
  request.originator_aet = "ASKER";
  request.originator_id = 9;
  const std::string bytes = encode_request(request, true);
  const auto read = parse_command(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->field, kStoreRequest);
  EXPECT_EQ(read->message_id, 7);
  EXPECT_TRUE(read->has_data_set);
  EXPECT_EQ(read->sop_class, "1.2.3");
  EXPECT_EQ(read->sop_instance, "1.2.3.4");
}

TEST(ResponseCommand, CountersAreClamped) {
  SubOperations counters;
  counters.remaining = 70000;
  counters.completed = 3;
  Response response{kMoveRequest, 1, 0xff00, "1.2", {}, {}};
  response.sub_operations = &counters;
  const std::string with = encode_response(response, false);
  EXPECT_NE(with.find(std::string("\x20\x10\x02\0\0\0\xff\xff", 8)), std::string::npos);
  counters.has_remaining = false;
  EXPECT_EQ(encode_response(response, false).find(std::string("\x20\x10\x02\0", 4)), std::string::npos);
}

TEST(Fragments, OnlyTheLastPartEndsTheMessage) {
  std::string bytes;
  append_fragments(bytes, 3, "abcd", 4, false);
  append_fragments(bytes, 3, "efg", 4, true);
  ASSERT_EQ(bytes.size(), 2 * 12u + 7u);
  EXPECT_EQ(bytes[11], 0);
  EXPECT_EQ(bytes[16 + 11], 2);
}

TEST(DataSetOffset, OnlyOfFilesThatLookLikeIt) {
  const std::string head = std::string(128, '\0') + "DICM" + std::string("\x02\0\0\0UL\x04\0", 8);
  const std::string good = head + std::string("\x02\0\0\0", 4) + "xx" + std::string("\x08\0\x05\0", 4);
  EXPECT_EQ(data_set_offset({good.data(), good.size()}), 146u);
  const std::string lying = head + std::string("\xff\xff\xff\xff", 4) + "xx";
  EXPECT_FALSE(data_set_offset({lying.data(), lying.size()}));
  const std::string inside = head + std::string("\0\0\0\0\x02\0\x01\0", 8);
  EXPECT_FALSE(data_set_offset({inside.data(), inside.size()}));
  EXPECT_FALSE(data_set_offset({head.data(), 100}));
}

TEST(Commitment, ReportsAreReadAsTheyWereWritten) {
  const std::string bytes =
      encode_commitment_report("1.2", {{"c", "1.1", 0}, {"c", "1.2", 0x0112}, {"d", "1.3", 0}});
  const CommitmentReport report = parse_commitment_report(bytes, kExplicit);
  EXPECT_EQ(report.transaction_uid, "1.2");
  ASSERT_EQ(report.items.size(), 3u);
  EXPECT_EQ(report.items[1].sop_instance, "1.3");
  EXPECT_EQ(report.items[2].failure_reason, 0x0112);
  EXPECT_THROW(parse_commitment_report("garbage.", kExplicit), Error);
  const CommitmentRequest request = parse_commitment_request(bytes, kExplicit);  // the successes
  EXPECT_EQ(request.items.size(), 2u);
  EXPECT_THROW(parse_commitment_request("", kExplicit), Error);
}

class FilterTest : public ::testing::Test {
 protected:
  FilterTest() {
    query_.file = std::make_unique<DcmFileFormat>();
    query_.data_set().putAndInsertString(DCM_PatientName, "A");
    query_.data_set().putAndInsertString(DCM_PatientID, "1");
  }
  void filter(const std::string& result) {
    handlers_.query_filters.add(++number_, [=](QueryKind, const Peer&, const std::string& query) {
      seen_ = query;
      return result.empty() ? std::nullopt : std::optional<std::string>(result);
    });
  }
  void run() { filter_query(handlers_, QueryKind::kFind, {}, dicom::Encoding::Latin1, query_); }
  std::string value(const DcmTagKey& tag) {
    OFString text;
    return query_.data_set().findAndGetOFStringArray(tag, text).good() ? std::string(text.c_str()) : "-";
  }

  Handlers handlers_;
  uint64_t number_ = 0;
  dicom::ParsedInstance query_;
  std::string seen_;
};

TEST_F(FilterTest, FiltersSeeAndChangeTheQuery) {
  filter("");
  run();
  EXPECT_NE(seen_.find("\"0010,0020\""), std::string::npos);
  EXPECT_EQ(value(DCM_PatientName), "A");
  filter("{\"0010,0010\":\"B\",\"0008,1110\":[{\"0008,1150\":\"1.2\"}]}");
  run();
  EXPECT_EQ(value(DCM_PatientName), "B");
  EXPECT_EQ(value(DCM_PatientID), "-");
  EXPECT_TRUE(query_.data_set().tagExists(DCM_ReferencedStudySequence));
}

TEST_F(FilterTest, WhatIsNoQueryIsRefused) {
  filter("[1]");
  EXPECT_THROW(run(), Error);
  handlers_.query_filters.remove(number_);
  filter("{\"0010,0010\":{}}");
  EXPECT_THROW(run(), Error);
  handlers_.query_filters.remove(number_);
  filter(std::string(100000, '['));
  EXPECT_THROW(run(), Error);
  handlers_.query_filters.remove(number_);
  EXPECT_NO_THROW(run());
}

}  // namespace
}  // namespace hilum::dimse
