// Searching the index (core/index/query.h) as C-FIND uses it.
#include "core/index/query.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/index/leveldb_store.h"
#include "core/index/transaction.h"

namespace hilum::index {
namespace {

using dicom::Matcher;

constexpr Tag kDescription = 0x00081030;

struct Example {
  std::string patient_id, patient_name, study_uid, study_date, description, series_uid, modality,
      instance_uid;
};

TagValues sorted(std::map<Tag, std::string> values) {
  TagValues result;
  for (auto& [tag, value] : values) {
    if (value != "-") {  // absent
      result.push_back({tag, value, false});
    }
  }
  return result;
}

NewInstance new_instance(const Example& example) {
  const dicom::Identifiers ids{example.patient_id, example.study_uid, example.series_uid,
                               example.instance_uid};
  NewInstance instance;
  instance.ids = {ids.patient(), ids.study(), ids.series(), ids.instance()};
  instance.tags[0] =
      sorted({{dicom::kPatientId, example.patient_id}, {dicom::kPatientName, example.patient_name}});
  instance.tags[1] = sorted({{dicom::kStudyInstanceUid, example.study_uid},
                             {dicom::kStudyDate, example.study_date},
                             {kDescription, example.description}});
  instance.tags[2] =
      sorted({{dicom::kSeriesInstanceUid, example.series_uid}, {dicom::kModality, example.modality}});
  instance.tags[3] = sorted({{dicom::kSopInstanceUid, example.instance_uid}});
  instance.instance_metadata = {{10, 0, "1.2.840.10008.5.1.4.1.1." + example.modality}};
  return instance;
}

// Counts the records that are read.
class CountingSnapshot : public KvSnapshot {
 public:
  CountingSnapshot(std::shared_ptr<const KvSnapshot> inner, size_t* records)
      : inner_(std::move(inner)), records_(records) {}
  bool get(std::string_view key, std::string* value) const override {
    *records_ += key[0] == 'R' ? 1 : 0;
    return inner_->get(key, value);
  }
  std::unique_ptr<KvIterator> iterate() const override { return inner_->iterate(); }

 private:
  std::shared_ptr<const KvSnapshot> inner_;
  size_t* records_;
};

class QueryTest : public ::testing::Test {
 protected:
  QueryTest() {
    std::string path = (std::filesystem::temp_directory_path() / "hilum-query-XXXXXX").string();
    folder_ = mkdtemp(path.data());
    store_ = LevelDbStore::open(folder_ + "/index");
    Transaction transaction(*store_);
    for (const Example& example : examples()) {
      transaction.add_instance(new_instance(example));
    }
    store_->write(transaction.take(), false);
  }
  ~QueryTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  static std::vector<Example> examples() {
    return {
        {"P1", "Müller^Anna", "1.1", "20200101", "Head", "1.1.1", "CT", "1.1.1.1"},
        {"P1", "Müller^Anna", "1.1", "20200101", "Head", "1.1.1", "CT", "1.1.1.2"},
        {"P1", "Müller^Anna", "1.1", "20200101", "Head", "1.1.2", "SR", "1.1.2.1"},
        {"P1", "Müller^Anna", "1.2", "20210615", "-", "1.2.1", "MR", "1.2.1.1"},
        {"P2", "MULLER^BERT", "2.1", "", "Chest", "2.1.1", "CT", "2.1.1.1"},
        {"p2", "Doe^Jane", "3.1", "20220101", "", "3.1.1", "DX", "3.1.1.1"},
    };
  }

  Constraint constraint(Tag tag, std::string_view value) const {
    const DcmEVR vr = tag == kModalitiesInStudy ? EVR_CS : dicom::dictionary_vr(tag);
    return {tag, Matcher::compile(vr, value, vr != EVR_PN)};
  }

  // The values of `shown` of all matches, sorted.
  std::vector<std::string> search(Level level, Tag shown, const std::vector<Constraint>& constraints) {
    records_ = 0;
    const Snapshot snapshot(std::make_shared<CountingSnapshot>(store_->snapshot(), &records_));
    std::vector<std::string> result;
    find(snapshot, level, constraints, [&](const Found& found) {
      const dicom::TagValue* value = found.tag(shown);
      result.push_back(value != nullptr ? value->value : "(absent)");
      return true;
    });
    std::sort(result.begin(), result.end());
    return result;
  }
  using Texts = std::vector<std::string>;

  std::string folder_;
  std::unique_ptr<LevelDbStore> store_;
  size_t records_ = 0;
};

TEST_F(QueryTest, NoConstraintVisitsTheLevel) {
  EXPECT_EQ(search(Level::kPatient, dicom::kPatientId, {}), (Texts{"P1", "P2", "p2"}));
  EXPECT_EQ(search(Level::kStudy, dicom::kStudyInstanceUid, {}), (Texts{"1.1", "1.2", "2.1", "3.1"}));
  EXPECT_EQ(search(Level::kInstance, dicom::kSopInstanceUid, {}).size(), 6u);
  EXPECT_EQ(search(Level::kStudy, dicom::kStudyInstanceUid, {constraint(dicom::kStudyDate, "-")}).size(), 4u);
}

TEST_F(QueryTest, ExactValuesRespectCaseUnlikeTheKeys) {
  EXPECT_EQ(search(Level::kPatient, dicom::kPatientId, {constraint(dicom::kPatientId, "P2")}), (Texts{"P2"}));
  EXPECT_LE(records_, 2u);  // "P2" and "p2" share a search value; nothing else is opened
  EXPECT_EQ(search(Level::kStudy, dicom::kStudyInstanceUid, {constraint(dicom::kStudyInstanceUid, "1.2")}),
            (Texts{"1.2"}));
  EXPECT_EQ(records_, 1u);
}

TEST_F(QueryTest, PersonNamesFoldCaseButKeepAccents) {
  EXPECT_EQ(search(Level::kPatient, dicom::kPatientId, {constraint(dicom::kPatientName, "müller^anna")}),
            (Texts{"P1"}));
  EXPECT_EQ(search(Level::kPatient, dicom::kPatientId, {constraint(dicom::kPatientName, "Muller*")}),
            (Texts{"P2"}));
}

TEST_F(QueryTest, ConstraintsOfTheLevelsAbove) {
  EXPECT_EQ(search(Level::kStudy, dicom::kStudyInstanceUid, {constraint(dicom::kPatientId, "P1")}),
            (Texts{"1.1", "1.2"}));
  EXPECT_EQ(search(Level::kInstance, dicom::kSopInstanceUid,
                   {constraint(dicom::kPatientName, "M*"), constraint(dicom::kModality, "CT")}),
            (Texts{"1.1.1.1", "1.1.1.2", "2.1.1.1"}));
  EXPECT_EQ(search(Level::kSeries, dicom::kSeriesInstanceUid, {constraint(dicom::kStudyDate, "2020-2021")}),
            (Texts{"1.1.1", "1.1.2"}));
}

TEST_F(QueryTest, TagsOfLowerLevelsMatchNothing) {
  EXPECT_TRUE(search(Level::kStudy, dicom::kStudyInstanceUid, {constraint(dicom::kModality, "CT")}).empty());
}

TEST_F(QueryTest, ListsVisitEachMatchOnce) {
  EXPECT_EQ(search(Level::kStudy, dicom::kStudyInstanceUid,
                   {constraint(dicom::kStudyInstanceUid, "1.2\\2.1\\1.2\\9.9")}),
            (Texts{"1.2", "2.1"}));
  EXPECT_EQ(records_, 2u);
}

TEST_F(QueryTest, Ranges) {
  EXPECT_EQ(search(Level::kStudy, dicom::kStudyDate, {constraint(dicom::kStudyDate, "20200101-20210615")}),
            (Texts{"20200101", "20210615"}));
  EXPECT_EQ(records_, 2u);
  EXPECT_EQ(search(Level::kStudy, dicom::kStudyDate, {constraint(dicom::kStudyDate, "20210101-")}),
            (Texts{"20210615", "20220101"}));
  // An open lower end matches present but empty values.
  EXPECT_EQ(search(Level::kStudy, dicom::kStudyDate, {constraint(dicom::kStudyDate, "-20200101")}),
            (Texts{"", "20200101"}));
}

TEST_F(QueryTest, WildcardsNeedAPresentTag) {
  EXPECT_EQ(search(Level::kStudy, kDescription, {constraint(kDescription, "*")}),
            (Texts{"", "Chest", "Head"}));
  EXPECT_EQ(search(Level::kStudy, kDescription, {constraint(kDescription, "?e*")}), (Texts{"Head"}));
  EXPECT_EQ(search(Level::kStudy, kDescription, {constraint(kDescription, "h*")}), Texts{});
}

TEST_F(QueryTest, TheMostSelectiveKeyIsWalked) {
  EXPECT_EQ(search(Level::kStudy, dicom::kStudyInstanceUid,
                   {constraint(dicom::kPatientName, "*"), constraint(dicom::kStudyDate, "2020-2030"),
                    constraint(dicom::kStudyInstanceUid, "1.2")}),
            (Texts{"1.2"}));
  EXPECT_EQ(records_, 1u);
}

TEST_F(QueryTest, ModalitiesInStudyMatchesAnyChild) {
  const auto studies = [&](std::string_view value) {
    return search(Level::kStudy, dicom::kStudyInstanceUid, {constraint(kModalitiesInStudy, value)});
  };
  EXPECT_EQ(studies("SR"), (Texts{"1.1"}));
  EXPECT_EQ(studies("CT\\MR"), (Texts{"1.1", "1.2", "2.1"}));
  EXPECT_EQ(studies("*").size(), 4u);
  EXPECT_TRUE(studies("ct").empty());
  EXPECT_TRUE(
      search(Level::kSeries, dicom::kSeriesInstanceUid, {constraint(kModalitiesInStudy, "CT")}).empty());
}

TEST_F(QueryTest, StopsWhenTheVisitorSaysSo) {
  const Snapshot snapshot(store_->snapshot());
  for (const auto& constraints : {std::vector<Constraint>{},
                                  {constraint(dicom::kPatientName, "M*")},
                                  {constraint(dicom::kPatientId, "P1")}}) {
    size_t visits = 0;
    find(snapshot, Level::kInstance, constraints, [&](const Found&) { return ++visits < 2; });
    EXPECT_EQ(visits, 2u);
  }
}

TEST_F(QueryTest, ComputedLists) {
  const Snapshot snapshot(store_->snapshot());
  const dicom::Identifiers ids{"P1", "1.1", "", ""};
  const auto study = snapshot.find(ids.study());
  ASSERT_TRUE(study);
  EXPECT_EQ(modalities_in_study(snapshot, study->id), (Texts{"CT", "SR"}));
  EXPECT_EQ(sop_classes_in_study(snapshot, *study),
            (Texts{"1.2.840.10008.5.1.4.1.1.CT", "1.2.840.10008.5.1.4.1.1.SR"}));
}

}  // namespace
}  // namespace hilum::index
