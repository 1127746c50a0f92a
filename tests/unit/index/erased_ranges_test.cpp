// Which erased keys are worth a rewriting of their range.
#include "core/index/erased_ranges.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "core/index/leveldb_store.h"
#include "core/index/schema.h"

namespace hilum::index {
namespace {

std::vector<ErasedRanges::Range> take(ErasedRanges& erased, uint64_t bytes) {
  std::vector<ErasedRanges::Range> taken;
  erased.take([&](const auto&) { return bytes; }, [&](const auto& range) { taken.push_back(range); });
  return taken;
}

TEST(ErasedRanges, ManyOfOneTypeAreDue) {
  ErasedRanges erased;
  for (ResourceId id = 5000; id > 3001; --id) {
    erased.note(metadata_key(id, 5));
    EXPECT_FALSE(erased.is_due());
  }
  erased.note(metadata_key(3001, 5));
  EXPECT_TRUE(erased.is_due());
  const auto taken = take(erased, 1000);
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].first, metadata_key(3001, 5));
  EXPECT_EQ(taken[0].last, metadata_key(5000, 5));
  EXPECT_EQ(taken[0].count, 2000u);
  EXPECT_FALSE(erased.is_due());
  EXPECT_TRUE(take(erased, 0).empty()) << "taken once";
}

TEST(ErasedRanges, WideRangesWaitForMore) {
  ErasedRanges erased;
  const auto erase = [&](ResourceId first) {
    for (ResourceId id = first; id < first + 2000; ++id) {
      erased.note(child_key(1, id));
    }
  };
  erase(1);
  EXPECT_TRUE(take(erased, 5000000).empty());
  EXPECT_FALSE(erased.is_due()) << "not asked again before more are erased";
  erase(3000);
  EXPECT_TRUE(erased.is_due());
  const auto taken = take(erased, 5000000);
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].count, 4000u);
}

TEST(ErasedRanges, KeysThatNobodyScansDoNotCount) {
  ErasedRanges erased;
  for (ResourceId id = 1; id < 10000; ++id) {
    erased.note(record_key(id));
  }
  EXPECT_FALSE(erased.is_due());
  EXPECT_TRUE(take(erased, 0).empty());
}

// LevelDB keeps what a snapshot can still see.
TEST(ErasedRanges, TidyingWaitsForOlderSnapshots) {
  std::string folder = "/tmp/hilum-erased-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  {
    const auto store = LevelDbStore::open(folder + "/index");
    KvBatch puts, erasures;
    for (ResourceId id = 1; id <= 2000; ++id) {
      puts.put(metadata_key(id, 5), "value");
      erasures.erase(metadata_key(id, 5));
    }
    store->write(puts, false);
    auto older = store->snapshot();
    EXPECT_FALSE(store->tidy()) << "nothing is erased yet";
    store->write(erasures, false);
    const auto younger = store->snapshot();
    EXPECT_TRUE(store->tidy());
    std::string value;
    EXPECT_TRUE(older->get(metadata_key(7, 5), &value));
    older.reset();
    EXPECT_FALSE(store->tidy());
    EXPECT_FALSE(younger->get(metadata_key(7, 5), &value));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace hilum::index
