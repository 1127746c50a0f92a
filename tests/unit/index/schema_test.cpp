#include "core/index/schema.h"

#include <hilum/cpp/error.h>

#include <functional>

#include "core/index/utc_time.h"
#include "tests/unit/index/index_fixture.h"

namespace hilum::index {
namespace {

TEST(Schema, KeysAreTakenApart) {
  const std::string key = identifier_key(Level::kStudy, 0x00080020, "20240131", 258);
  const auto parsed = parse_identifier_key(key);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->level, Level::kStudy);
  EXPECT_EQ(parsed->tag, 0x00080020u);
  EXPECT_EQ(parsed->search_value, "20240131");
  EXPECT_EQ(parsed->id, 258u);
  EXPECT_EQ(parse_labelled_key(labelled_key(Level::kSeries, "x", 3))->label, "x");
  EXPECT_EQ(parse_child_key(child_key(1, 2))->child, 2u);
  EXPECT_EQ(parse_order_key(order_key(Level::kInstance, 7))->id, 7u);
  EXPECT_EQ(parse_block_key(block_key(Level::kPatient, 2, 9))->block, 9u);
  EXPECT_EQ(parse_metadata_key(metadata_key(5, 1024))->second, 1024u);
  for (const std::string& shape : {std::string(), std::string("I"), std::string("I\1\0\0\0", 5)}) {
    EXPECT_FALSE(parse_identifier_key(shape));
    EXPECT_FALSE(parse_labelled_key(shape));
    EXPECT_FALSE(parse_order_key(shape));
    EXPECT_FALSE(parse_block_key(shape));
    EXPECT_FALSE(parse_child_key(shape));
    EXPECT_FALSE(parse_single_key(shape));
  }
}

TEST(Schema, OrderOfKeys) {
  EXPECT_LT(order_key(Level::kStudy, 255), order_key(Level::kStudy, 256));
  EXPECT_LT(identifier_key(Level::kStudy, 1, "A", 9), identifier_key(Level::kStudy, 1, "A B", 1));
  EXPECT_EQ(after_prefix("ab"), "ac");
  EXPECT_EQ(after_prefix("a\xff\xff"), "b");
  EXPECT_EQ(after_prefix("\xff"), "");
}

TEST(Schema, Times) {
  EXPECT_EQ(format_utc(0), "19700101T000000");
  EXPECT_EQ(format_utc(-1), "19691231T235959");
  EXPECT_EQ(parse_utc("20240229T235959"), 1709251199000);
  for (const char* text : {"20230229T235959", "20240229 235959", "2024-229T235959", "20240229T235960", ""}) {
    EXPECT_FALSE(parse_utc(text)) << text;
  }
}

int32_t code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return HILUM_OK;
}

TEST(LevelDb, OtherVersionsAreRefused) {
  const TemporaryFolder folder;
  {
    const auto store = LevelDbStore::open(folder.file("index"));
    KvBatch batch;
    batch.put(format_key(), std::string("\0\0\0\2", 4));
    store->write(batch, true);
  }
  EXPECT_EQ(code_of([&] { LevelDbStore::open(folder.file("index")); }), HILUM_E_INCOMPATIBLE_DATABASE);
}

TEST(LevelDb, ForeignDatabasesAreRefused) {
  const TemporaryFolder folder;
  {
    const auto store = LevelDbStore::open(folder.file("index"));
    KvBatch batch;
    batch.erase(format_key());
    batch.put("foreign", "");
    store->write(batch, true);
  }
  EXPECT_EQ(code_of([&] { LevelDbStore::open(folder.file("index")); }), HILUM_E_INCOMPATIBLE_DATABASE);
}

TEST(LevelDb, TwoOpensAreRefused) {
  const TemporaryFolder folder;
  const auto store = LevelDbStore::open(folder.file("index"));
  try {
    LevelDbStore::open(folder.file("index"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_DATABASE);
    EXPECT_NE(error.details().find("another server uses this index"), std::string::npos);
  }
}

TEST(LevelDb, SaysWhatToDoWithADamagedDatabase) {
  const TemporaryFolder folder;
  LevelDbStore::open(folder.file("index")).reset();
  for (const auto& entry : std::filesystem::directory_iterator(folder.file("index"))) {
    if (entry.path().filename().string().rfind("MANIFEST", 0) == 0) {
      std::filesystem::resize_file(entry.path(), 5);
    }
  }
  try {
    LevelDbStore::open(folder.file("index"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_DATABASE);
    EXPECT_NE(error.details().find("hilum index rebuild"), std::string::npos) << error.details();
  }
}

TEST(LevelDb, SeeksForPrevious) {
  const TemporaryFolder folder;
  const auto store = LevelDbStore::open(folder.file("index"));
  const auto snapshot = store->snapshot();
  const auto it = snapshot->iterate();
  it->seek_for_previous("Z");
  ASSERT_TRUE(it->valid());
  EXPECT_EQ(it->key(), "V");
  it->seek_for_previous("V");
  EXPECT_FALSE(it->valid());
}

}  // namespace
}  // namespace hilum::index
