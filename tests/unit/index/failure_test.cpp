// LevelDB on a disk that fails: what was written is kept, and writing goes on when the disk is well again.
#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

#include <algorithm>
#include <thread>

#include "tests/unit/index/failing_env.h"
#include "tests/unit/index/index_fixture.h"

namespace hilum::index {
namespace {

LevelDbOptions options_with(FailingEnv& env) {
  LevelDbOptions options;
  options.env = &env;
  options.write_buffer_size = 64 * 1024;  // tables are written all the time
  return options;
}

std::string key_of(int number) { return "X" + std::to_string(number); }

bool put(KvStore& store, int number, bool sync = false) {
  KvBatch batch;
  batch.put(key_of(number), std::string(6000, static_cast<char>('a' + number % 26)));
  try {
    store.write(batch, sync);
    return true;
  } catch (const Error& error) {
    EXPECT_TRUE(error.code() == HILUM_E_FULL_STORAGE || error.code() == HILUM_E_DATABASE) << error.what();
    return false;
  }
}

bool is_synced(size_t number) { return number % 7 == 6; }

void expect_keys(const KvStore& store, const std::vector<bool>& written) {
  std::string value;
  for (size_t i = 0; i < written.size(); ++i) {
    // What a failed write with sync has left may be there: LevelDB had it in its log already.
    if (written[i] || !is_synced(i)) {
      EXPECT_EQ(store.get(key_of(static_cast<int>(i)), &value), written[i]) << i;
    }
  }
}

TEST(LevelDbFailure, WritesAgainWhenTheDiskHasSpaceAgain) {
  TemporaryFolder folder;
  FailingEnv env;
  auto store = LevelDbStore::open(folder.file("index"), options_with(env));
  std::vector<bool> written;
  for (int i = 0; i < 100; ++i) {
    written.push_back(put(*store, i));
  }
  env.set_full(true);
  for (int i = 100; i < 110; ++i) {
    written.push_back(put(*store, i));
    EXPECT_FALSE(written.back());
    expect_keys(*store, written);  // reading goes on
  }
  env.set_full(false);
  for (int i = 110; i < 200; ++i) {
    written.push_back(put(*store, i));
    EXPECT_TRUE(written.back());
  }
  expect_keys(*store, written);
  store.reset();
  store = LevelDbStore::open(folder.file("index"));
  expect_keys(*store, written);
}

TEST(LevelDbFailure, EveryWriteOfLevelDb) {
  bool failed = true;
  for (int n = 0; failed; ++n) {
    SCOPED_TRACE("write " + std::to_string(n) + " fails");
    TemporaryFolder folder;
    LevelDbStore::open(folder.file("index"));
    FailingEnv env(n);
    std::vector<bool> written;
    try {
      const auto store = LevelDbStore::open(folder.file("index"), options_with(env));
      for (int i = 0; i < 40; ++i) {
        written.push_back(put(*store, i, is_synced(static_cast<size_t>(i))));
      }
      EXPECT_GE(std::count(written.begin(), written.end(), true), 37);
      expect_keys(*store, written);
    } catch (const Error&) {
      EXPECT_TRUE(written.empty());  // the opening failed
    }
    failed = env.has_failed();
    const auto store = LevelDbStore::open(folder.file("index"));
    expect_keys(*store, written);
    ASSERT_LT(n, 1000);
  }
}

TEST(LevelDbFailure, WaitsForReaders) {
  TemporaryFolder folder;
  FailingEnv env;
  const auto store = LevelDbStore::open(folder.file("index"), options_with(env));
  EXPECT_TRUE(put(*store, 0));
  auto snapshot = store->snapshot();
  env.set_full(true);
  EXPECT_FALSE(put(*store, 1));
  env.set_full(false);
  std::thread reader([held = std::move(snapshot)]() mutable {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::string value;
    EXPECT_TRUE(held->get(key_of(0), &value));
    EXPECT_FALSE(held->get(key_of(1), &value));
    held.reset();
  });
  EXPECT_TRUE(put(*store, 2));
  reader.join();
  expect_keys(*store, {true, false, true});
}

}  // namespace
}  // namespace hilum::index
