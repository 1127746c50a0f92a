#include "core/index/check.h"

#include "core/index/records.h"
#include "tests/unit/index/index_fixture.h"

namespace hilum::index {
namespace {

class CheckTest : public IndexTest {
 protected:
  CheckTest() {
    instance = add("P", "1", "1.1", "a");
    add("P", "1", "1.1", "b");
    add("Q", "2", "2.1", "c");
    transaction.add_label(instance, "label");
    transaction.set_metadata(instance, {1024, 0, "v"}, true);
    commit();
  }
  void change(const std::string& key, const std::optional<std::string>& value) {
    KvBatch batch;
    if (value) {
      batch.put(key, *value);
    } else {
      batch.erase(key);
    }
    store->write(batch, false);
  }

  Resource instance;
};

TEST_F(CheckTest, NamesEveryAttachment) {
  size_t attachments = 0;
  CheckOptions options;
  options.on_attachment = [&](const PublicId&, const Attachment& attachment) {
    attachments += attachment.type == kDicomAttachment;
  };
  EXPECT_EQ(check_index(*store->snapshot(), options), std::vector<std::string>());
  EXPECT_EQ(attachments, 3u);
}

// Without any one of its keys the index is not whole.
TEST_F(CheckTest, MissesEveryKey) {
  std::vector<std::pair<std::string, std::string>> all;
  const auto it = store->snapshot()->iterate();
  for (it->seek(""); it->valid(); it->next()) {
    all.emplace_back(it->key(), it->value());
  }
  EXPECT_GT(all.size(), 50u);
  for (const auto& [key, value] : all) {
    // Without it nothing contradicts: user metadata, and a change that its resource's record only points to.
    const bool stands_alone = key[0] == key::kMetadata || key[0] == key::kChange;
    change(key, std::nullopt);
    if (!stands_alone) {
      EXPECT_FALSE(problems().empty()) << "type " << key[0] << " of size " << key.size();
    }
    change(key, value);
  }
  EXPECT_EQ(problems(), std::vector<std::string>());
}

// With a key of a resource that does not exist, neither.
TEST_F(CheckTest, FindsKeysWithoutRecord) {
  constexpr ResourceId kNobody = 99;
  const std::vector<std::pair<std::string, std::string>> orphans = {
      {public_id_key(PublicId::hash_of("x")), encode_location({kNobody, Level::kStudy})},
      {order_key(Level::kStudy, kNobody), std::string(20, 'x')},
      {block_key(Level::kStudy, 1, 7), encode_varint(1)},
      {child_key(instance.parent, kNobody), ""},
      {counters_key(kNobody), encode_counters({})},
      {metadata_key(kNobody, 1024), encode_metadata({})},
      {identifier_key(Level::kStudy, dicom::kStudyDate, "X", kNobody), ""},
      {identifier_key(Level::kInstance, dicom::kSopInstanceUid, "OTHER", instance.id), ""},
      {label_of_key(kNobody, "x"), ""},
      {labelled_key(Level::kInstance, "x", instance.id), ""},
      {change_key(3), encode_change({{3, ChangeType::kNewSeries, Level::kSeries, PublicId(), 0}, kNobody})},
      {change_of_key(kNobody, 1), ""},
      {recycling_key(50), encode_number(kNobody)},
      {patient_state_key(kNobody), encode_patient_state({true, 0})},
      {record_key(instance.id), "damaged"},
  };
  for (const auto& [key, value] : orphans) {
    std::string before;
    const bool was_there = store->get(key, &before);
    change(key, value);
    EXPECT_FALSE(problems().empty()) << "type " << key[0];
    change(key, was_there ? std::optional<std::string>(before) : std::nullopt);
  }
  EXPECT_EQ(problems(), std::vector<std::string>());
}

TEST_F(CheckTest, RemembersOnlySoManyProblems) {
  CheckOptions options;
  options.maximum_problems = 2;
  for (ResourceId id = 100; id < 110; ++id) {
    change(counters_key(id), "");
  }
  EXPECT_EQ(check_index(*store->snapshot(), options).size(), 2u);
}

}  // namespace
}  // namespace hilum::index
