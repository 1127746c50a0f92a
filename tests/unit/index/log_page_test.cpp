#include "core/index/log_page.h"

#include <hilum/cpp/error.h>

#include "core/index/records.h"
#include "index_fixture.h"

namespace hilum::index {
namespace {

using T = ChangeType;

class LogPageTest : public IndexTest {
 protected:
  // Changes 1 to 4 of the creation, then `count` of the given type.
  void log(T type, int count) {
    if (instance_.id == 0) {
      instance_ = add("P", "1", "1", "1");
    }
    for (int i = 0; i < count; ++i) {
      transaction.log_change(type, Level::kInstance, instance_.id, instance_.public_id, 5);
    }
    commit();
  }
  // Sequences of a page.
  std::vector<int64_t> page(const LogQuery& query) {
    std::vector<int64_t> rows;
    found_ = read_changes(snapshot(), query, [&](const Change& change) {
      rows.push_back(change.sequence);
      return true;
    });
    return rows;
  }

  Resource instance_;
  LogPage found_;
};

TEST_F(LogPageTest, PagesForwardsAndFromTheEnd) {
  log(T::kUpdatedMetadata, 6);  // 1 to 10
  EXPECT_EQ(page({0, 100, 3}), (std::vector<int64_t>{1, 2, 3}));
  EXPECT_FALSE(found_.is_complete);
  EXPECT_EQ(page({8, 100, 2}), (std::vector<int64_t>{9, 10}));
  EXPECT_TRUE(found_.is_complete);
  EXPECT_EQ(page({2, 4}), (std::vector<int64_t>{3, 4}));
  EXPECT_TRUE(found_.is_complete);
  EXPECT_EQ(page({10}), (std::vector<int64_t>{}));
  EXPECT_TRUE(found_.is_complete);
  EXPECT_EQ(found_.last, 0);
  EXPECT_EQ(page({0, 100, 0}), (std::vector<int64_t>{}));
  EXPECT_FALSE(found_.is_complete);

  EXPECT_EQ(page({0, 100, 3, true}), (std::vector<int64_t>{8, 9, 10}));
  EXPECT_FALSE(found_.is_complete);
  EXPECT_EQ(page({0, 5, 2, true}), (std::vector<int64_t>{4, 5}));
  EXPECT_EQ(page({7, INT64_MAX, 9, true}), (std::vector<int64_t>{8, 9, 10}));
  EXPECT_TRUE(found_.is_complete);
  EXPECT_EQ(page({0, 0, 9, true}), (std::vector<int64_t>{}));
  EXPECT_EQ(page({INT64_MAX, INT64_MAX, 9, true}), (std::vector<int64_t>{}));
  EXPECT_EQ(page({INT64_MAX, INT64_MAX, 9}), (std::vector<int64_t>{}));
}

TEST_F(LogPageTest, FiltersByType) {
  log(T::kUpdatedMetadata, 6);
  const std::vector<uint16_t> types{static_cast<uint16_t>(T::kNewStudy),
                                    static_cast<uint16_t>(T::kUpdatedMetadata)};
  EXPECT_EQ(page({0, 100, 3, false, types}), (std::vector<int64_t>{3, 5, 6}));
  EXPECT_FALSE(found_.is_complete);
  EXPECT_EQ(page({0, 6, 2, true, types}), (std::vector<int64_t>{5, 6}));
  EXPECT_FALSE(found_.is_complete);
  EXPECT_EQ(page({0, 6, 3, true, types}), (std::vector<int64_t>{3, 5, 6}));
  EXPECT_TRUE(found_.is_complete);
  EXPECT_EQ(page({0, 100, 3, false, {999}}), (std::vector<int64_t>{}));
  EXPECT_TRUE(found_.is_complete);
}

TEST_F(LogPageTest, AFilterThatNothingFitsGivesUpAndTellsWhereItWas) {
  constexpr int64_t kMost = 50;
  log(T::kUpdatedMetadata, kMost + 10);
  log(T::kStableSeries, 1);
  LogQuery wanted{4, INT64_MAX, 1, false, {static_cast<uint16_t>(T::kStableSeries)}};
  wanted.most_passed_over = kMost;
  EXPECT_EQ(page(wanted), (std::vector<int64_t>{}));
  EXPECT_FALSE(found_.is_complete);
  EXPECT_EQ(found_.first, 5);
  EXPECT_EQ(found_.last, 4 + kMost);
  LogQuery next = wanted;
  next.since = found_.last;
  EXPECT_EQ(page(next), (std::vector<int64_t>{kMost + 15}));
  EXPECT_TRUE(found_.is_complete);

  LogQuery backwards{0, kMost + 14, 1, true, {static_cast<uint16_t>(T::kNewPatient)}};
  backwards.most_passed_over = kMost;
  EXPECT_EQ(page(backwards), (std::vector<int64_t>{}));
  EXPECT_FALSE(found_.is_complete);
  EXPECT_EQ(found_.first, 15);
  EXPECT_EQ(found_.last, kMost + 14);
  backwards.to = found_.first - 1;
  EXPECT_EQ(page(backwards), (std::vector<int64_t>{4}));
}

TEST_F(LogPageTest, TheVisitorStops) {
  log(T::kUpdatedMetadata, 6);
  int rows = 0;
  const LogPage page = read_changes(snapshot(), {}, [&](const Change&) { return ++rows < 2; });
  EXPECT_EQ(rows, 2);
  EXPECT_FALSE(page.is_complete);
}

std::vector<Export> exports_of(const Snapshot& snapshot, const LogQuery& query = {}) {
  std::vector<Export> rows;
  read_exports(snapshot, query, [&](const Export& row) {
    rows.push_back(row);
    return true;
  });
  return rows;
}

TEST_F(LogPageTest, ExportsNameTheResourceAtEachLevel) {
  const Resource instance = add("P", "1.2", "1.2.3", "1.2.3.4");
  const Resource study = *transaction.find(make_instance("P", "1.2", "1.2.3", "1.2.3.4").ids[1]);
  EXPECT_EQ(transaction.log_export(instance, "PACS", 77), 1);
  EXPECT_EQ(transaction.log_export(study, "other", 78), 2);
  commit();
  const std::vector<Export> rows = exports_of(snapshot());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].sequence, 1);
  EXPECT_EQ(rows[0].level, Level::kInstance);
  EXPECT_EQ(rows[0].resource, instance.public_id);
  EXPECT_EQ(rows[0].time_ms, 77);
  EXPECT_EQ(rows[0].remote, "PACS");
  EXPECT_EQ(rows[0].identifiers, (std::array<std::string, 4>{"P", "1.2", "1.2.3", "1.2.3.4"}));
  EXPECT_EQ(rows[1].level, Level::kStudy);
  EXPECT_EQ(rows[1].identifiers, (std::array<std::string, 4>{"P", "1.2", "", ""}));
  EXPECT_EQ(exports_of(snapshot(), {1}).size(), 1u);
  EXPECT_EQ(exports_of(snapshot(), {0, INT64_MAX, 1, true}).at(0).sequence, 2);
  EXPECT_EQ(problems(), std::vector<std::string>());
}

TEST_F(LogPageTest, ExportsOutliveTheResourceAndAReopening) {
  const Resource instance = add("P", "1", "1", "1");
  transaction.log_export(instance, "PACS", 77);
  transaction.remove(instance);
  commit();
  EXPECT_THROW(transaction.log_export(instance, "PACS", 77), Error);
  EXPECT_EQ(exports_of(snapshot()).size(), 1u);
  EXPECT_EQ(problems(), std::vector<std::string>());
  Transaction again(*store);
  EXPECT_EQ(again.log_export(again.add_instance(make_instance("P", "1", "1", "1")), "PACS", 78), 2);
}

TEST_F(LogPageTest, ClearedExportsAreGoneAtOnceAndTheirKeysInTime) {
  const Resource instance = add("P", "1", "1", "1");
  for (int i = 0; i < 2500; ++i) {
    transaction.log_export(instance, "PACS", 77);
  }
  commit();
  transaction.clear_exports();
  EXPECT_EQ(transaction.log_export(instance, "PACS", 78), 2501);
  commit();
  EXPECT_EQ(exports_of(snapshot()).size(), 1u);
  EXPECT_EQ(exports_of(snapshot(), {0, INT64_MAX, 10, true}).size(), 1u);
  EXPECT_EQ(problems(), std::vector<std::string>());
  for (int i = 0; i < 3; ++i) {
    commit();
  }
  int keys = 0;
  const auto it = store->snapshot()->iterate();
  const std::string prefix(1, key::kExport);
  for (it->seek(prefix); it->valid() && it->key().substr(0, 1) == prefix; it->next()) {
    ++keys;
  }
  EXPECT_EQ(keys, 1);
}

TEST_F(LogPageTest, ARolledBackExportLeavesNothing) {
  const Resource instance = add("P", "1", "1", "1");
  const size_t mark = transaction.savepoint();
  transaction.log_export(instance, "PACS", 77);
  transaction.roll_back(mark);
  commit();
  EXPECT_TRUE(exports_of(snapshot()).empty());
  EXPECT_EQ(transaction.log_export(instance, "PACS", 77), 1);
}

TEST_F(LogPageTest, AnExportIsReadWholeOrNotAtAll) {
  const std::string row =
      encode_export({1, Level::kStudy, PublicId::hash_of("x"), 7, "PACS", {"a", "b", "", ""}});
  EXPECT_EQ(encode_export(decode_export(1, row)), row);
  for (size_t size = 0; size < row.size(); ++size) {
    EXPECT_THROW(decode_export(1, row.substr(0, size)), Error) << size;
  }
  EXPECT_THROW(decode_export(1, row + "x"), Error);
  std::string later = row;
  later[0] = static_cast<char>(kExportVersion + 1);
  EXPECT_THROW(decode_export(1, later), Error);
}

TEST_F(LogPageTest, TheCheckFindsADamagedExport) {
  KvBatch batch;
  batch.put(export_key(5), "x");
  store->write(batch, false);
  EXPECT_EQ(problems().size(), 2u);  // newer than the last number, and unreadable
}

}  // namespace
}  // namespace hilum::index
