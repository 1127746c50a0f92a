#include "core/index/records.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

#include <random>

namespace hilum::index {
namespace {

Resource example() {
  Resource resource;
  resource.id = 9;
  resource.level = Level::kStudy;
  resource.public_id = PublicId::hash_of("x");
  resource.parent = 300;
  resource.creation_sequence = 1234567890123;
  resource.tags = {{0x00080020, "20240131", false}, {0x00400275, "[{}]", true}, {0x00400276, "", false}};
  resource.patient_tags = {{0xffffffff, "last", false}, {0x00100010, "unordered", false}};
  resource.system_metadata = {{-1, -5, "a"}, {15, 7, std::string(300, 'x')}};
  Attachment plain;
  plain.type = 1;
  plain.content_size = plain.stored_size = uint64_t{1} << 40;
  plain.content_md5.emplace().fill(7);
  plain.stored_md5 = plain.content_md5;
  Attachment compressed = plain;
  compressed.type = 65535;
  compressed.compressed = true;
  compressed.stored_md5->fill(8);
  Attachment bare;
  bare.revision = 3;
  resource.attachments = {plain, compressed, bare};
  return resource;
}

TEST(Records, ComeBackAsTheyWere) {
  const Resource resource = example();
  const std::string bytes = encode_resource(resource);
  const Resource back = decode_resource(9, bytes);
  EXPECT_EQ(encode_resource(back), bytes);
  EXPECT_EQ(back.tags, resource.tags);
  EXPECT_EQ(back.patient_tags, resource.patient_tags);
  EXPECT_EQ(back.public_id, resource.public_id);
  EXPECT_EQ(back.creation_sequence, resource.creation_sequence);
  EXPECT_EQ(back.system_metadata[0].key, -1);
  EXPECT_EQ(back.system_metadata[0].revision, -5);
  EXPECT_EQ(back.attachments[1].stored_md5, resource.attachments[1].stored_md5);
  EXPECT_EQ(back.attachments[2].content_md5, std::nullopt);
}

TEST(Records, RefuseEveryTruncation) {
  const std::string bytes = encode_resource(example());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decode_resource(9, std::string_view(bytes).substr(0, size)), Error) << size;
  }
  EXPECT_THROW(decode_resource(9, bytes + '\0'), Error);
}

TEST(Records, RefuseALaterVersion) {
  std::string bytes = encode_resource(example());
  bytes[0] = kRecordVersion + 1;
  try {
    decode_resource(9, bytes);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_INCOMPATIBLE_DATABASE);
  }
}

TEST(Records, SurviveDamage) {
  std::mt19937 random(1);
  const std::string bytes = encode_resource(example());
  int accepted = 0, refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = bytes;
    for (int i = 0; i < 3; ++i) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    try {
      decode_resource(9, damaged);
      ++accepted;
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(accepted, 0);
  EXPECT_GT(refused, 0);
}

TEST(Records, SmallOnes) {
  Counters counters{1, 2, 3, 4, 5, 6, 7, -8};
  EXPECT_EQ(encode_counters(decode_counters(encode_counters(counters))), encode_counters(counters));
  EXPECT_EQ(decode_counters(encode_counters(counters)).last_update_ms, -8);
  EXPECT_THROW(decode_counters("abc"), Error);
  EXPECT_EQ(decode_metadata(5, encode_metadata({5, 9, "v"})).revision, 9);
  EXPECT_EQ(decode_metadata(5, encode_metadata({5, 9, "v"})).value, "v");
  const StoredChange change{{3, ChangeType::kStableStudy, Level::kStudy, PublicId::hash_of("y"), 99}, 12};
  const StoredChange back = decode_change(3, encode_change(change));
  EXPECT_EQ(back.id, 12u);
  EXPECT_EQ(back.change.type, ChangeType::kStableStudy);
  EXPECT_EQ(back.change.resource, change.change.resource);
  EXPECT_EQ(decode_patient_state(encode_patient_state({false, 7})).order, 7u);
  EXPECT_EQ(decode_number(encode_number(uint64_t{1} << 60)), uint64_t{1} << 60);
  EXPECT_THROW(decode_location(std::string("\5\0\0\0\0\0\0\0\1", 9)), Error);
}

}  // namespace
}  // namespace hilum::index
