// Many instances as one change: all of it or nothing.
#include "core/ingest/batch.h"

#include <filesystem>

#include "core/index/schema.h"
#include "tests/unit/ingest/fixture.h"

namespace hilum::ingest {
namespace {

using testing::Archive;
using testing::fast_options;
using testing::instance_file;
using testing::kAllIsWell;

Stored add(Batch& batch, const std::string& file) {
  Bytes bytes;
  bytes.memory = file;
  return batch.add(std::move(bytes), {});
}

void remove(Batch& batch, const PublicId& id) {
  batch.then([id](index::Transaction& transaction, std::vector<index::BlobUuid>& removed) {
    const auto gone = transaction.remove(*transaction.find(id)).blobs;
    removed.insert(removed.end(), gone.begin(), gone.end());
  });
}

size_t own_files(const Archive& archive) {
  size_t count = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(archive.storage_folder() + "/files")) {
    count += entry.is_regular_file() ? 1 : 0;
  }
  return count;
}

TEST(Batch, HappensAsAWhole) {
  Archive archive;
  const Stored source = archive.store(instance_file(1, 1));
  const auto batch = archive.ingest().open_batch();
  std::vector<Stored> added;
  for (int i = 1; i <= 3; ++i) {
    added.push_back(add(*batch, instance_file(2, i)));
    EXPECT_EQ(added.back().outcome, Outcome::kStored);
    EXPECT_FALSE(archive.find(added.back().instance)) << "seen before its commit";
  }
  batch->then([&](index::Transaction& transaction, auto&) {
    transaction.set_metadata(*transaction.find(added[0].study), {1024, 0, "of the batch"}, true);
    transaction.put_raw(index::plugin_record_key("test", "done"), "yes");
  });
  remove(*batch, source.instance);
  const auto stored = batch->commit();
  ASSERT_EQ(stored.size(), 3u);
  EXPECT_EQ(stored[2].outcome, Outcome::kStored);
  archive.crash();
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(archive.file_of(*archive.find(added[static_cast<size_t>(i) - 1].instance)),
              instance_file(2, i));
  }
  EXPECT_FALSE(archive.find(source.patient)) << "what it leaves empty goes, too";
  EXPECT_EQ(archive.metadata(*archive.find(added[0].study), 1024), "of the batch");
  EXPECT_EQ(archive.ingest().snapshot().plugin_record("test", "done"), "yes");
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Batch, LeavesNothingBehindWithoutCommit) {
  Archive archive(fast_options());
  {
    const auto batch = archive.ingest().open_batch();
    for (int i = 1; i <= 20; ++i) {
      add(*batch, instance_file(1, i, 1000000));  // more than waits in memory
    }
    EXPECT_GE(own_files(archive), 3u);
  }
  EXPECT_EQ(own_files(archive), 0u);
  EXPECT_EQ(archive.ingest().snapshot().totals().instances, 0u);
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Batch, ManyFilesWaitOnTheDisk) {
  Archive archive;
  const auto batch = archive.ingest().open_batch();
  std::vector<Stored> added;
  for (int i = 1; i <= 20; ++i) {
    added.push_back(add(*batch, instance_file(1, i, 1000000)));
  }
  batch->commit();
  archive.crash();
  for (int i = 1; i <= 20; ++i) {
    EXPECT_EQ(archive.file_of(*archive.find(added[static_cast<size_t>(i) - 1].instance)),
              instance_file(1, i, 1000000));
  }
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Batch, AFailingStepUndoesAll) {
  Archive archive(fast_options());
  const Stored source = archive.store(instance_file(1, 1));
  const auto batch = archive.ingest().open_batch();
  const Stored added = add(*batch, instance_file(2, 1));
  remove(*batch, source.instance);
  batch->then([](index::Transaction&, auto&) { throw Error(HILUM_E_BAD_TYPE, "the last step"); });
  try {
    batch->commit();
    FAIL() << "committed all the same";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_BAD_TYPE);
  }
  EXPECT_TRUE(archive.find(source.instance));
  EXPECT_FALSE(archive.find(added.patient));
  EXPECT_THROW(batch->commit(), Error) << "a second time";
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Batch, NeverRemovesWhatItStores) {
  Archive archive(fast_options());
  const Stored known = archive.store(instance_file(1, 1));
  const auto batch = archive.ingest().open_batch();
  add(*batch, instance_file(1, 1));  // there already, and kept
  remove(*batch, known.patient);
  try {
    batch->commit();
    FAIL() << "the only copy is gone";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_BAD_REQUEST);
  }
  EXPECT_EQ(archive.file_of(*archive.find(known.instance)), instance_file(1, 1));
}

TEST(Batch, OverwritesByTheRulesOfEveryInstance) {
  Options options = fast_options();
  Archive archive(options);
  const Stored known = archive.store(instance_file(1, 1, 100));
  const auto keeping = archive.ingest().open_batch();
  add(*keeping, instance_file(1, 1, 200));
  add(*keeping, instance_file(1, 2, 100));
  const auto kept = keeping->commit();
  EXPECT_EQ(kept[0].outcome, Outcome::kAlreadyStored);
  EXPECT_EQ(kept[1].outcome, Outcome::kStored);
  EXPECT_EQ(archive.file_of(*archive.find(known.instance)), instance_file(1, 1, 100));
  EXPECT_EQ(archive.check(), kAllIsWell);
  options.overwrite_instances = true;
  archive.restart(options);
  const auto replacing = archive.ingest().open_batch();
  add(*replacing, instance_file(1, 1, 200));
  EXPECT_EQ(replacing->commit()[0].outcome, Outcome::kStored);
  EXPECT_EQ(archive.file_of(*archive.find(known.instance)), instance_file(1, 1, 200));
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Batch, MayInsistOnNewInstances) {
  Archive archive(fast_options());
  const Stored source = archive.store(instance_file(1, 1));
  const auto batch = archive.ingest().open_batch();
  batch->require_new();
  const Stored added = add(*batch, instance_file(2, 1, 10));
  remove(*batch, source.instance);
  archive.store(instance_file(2, 1, 20));  // somebody else is faster
  try {
    batch->commit();
    FAIL() << "the source is gone, and its result was never stored";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_DUPLICATE);
  }
  EXPECT_TRUE(archive.find(source.instance));
  EXPECT_EQ(archive.file_of(*archive.find(added.instance)), instance_file(2, 1, 20));
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Batch, ItsSourcesMustBeWhatTheyWere) {
  Options options = fast_options();
  options.overwrite_instances = true;
  Archive archive(options);
  const Stored source = archive.store(instance_file(1, 1, 10));
  const auto made_of_it = [&] {
    auto batch = archive.ingest().open_batch();
    add(*batch, instance_file(2, 1));
    batch->expect(source.instance, archive.find(source.instance)->attachments.at(0).uuid);
    remove(*batch, source.instance);
    return batch;
  };
  const auto late = made_of_it();
  archive.store(instance_file(1, 1, 20));  // a newer version
  try {
    late->commit();
    FAIL() << "the newer version is gone";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_REVISION);
  }
  EXPECT_EQ(archive.file_of(*archive.find(source.instance)), instance_file(1, 1, 20));
  made_of_it()->commit();
  EXPECT_FALSE(archive.find(source.instance));
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Batch, FiltersDecideAboutEachInstance) {
  Archive archive(fast_options());
  archive.ingest().add_filter("test", [](const Incoming& incoming) {
    return incoming.file_size() > 1000 ? Verdict::kDiscard : Verdict::kKeep;
  });
  const auto batch = archive.ingest().open_batch();
  EXPECT_EQ(add(*batch, instance_file(1, 1, 5000)).outcome, Outcome::kFilteredOut);
  EXPECT_THROW(add(*batch, "no DICOM file"), Error);
  add(*batch, instance_file(1, 2, 10));
  EXPECT_EQ(batch->commit().size(), 1u);
  EXPECT_EQ(archive.ingest().snapshot().totals().instances, 1u);
}

TEST(Records, AreOrderedAndKeptApart) {
  Archive archive;
  Ingest::Change change;
  change.apply = [](index::Transaction& transaction) {
    for (const char* key : {"b", "a", "ab"}) {
      transaction.put_raw(index::plugin_record_key("one", key), std::string("value of ") + key);
    }
    transaction.put_raw(index::plugin_record_key("one.more", "a"), "other");
    return std::vector<index::BlobUuid>();
  };
  archive.ingest().change(std::move(change));
  archive.crash();
  std::string all;
  archive.ingest().snapshot().plugin_records("one", "a", [&](std::string_view key, std::string_view value) {
    all.append(key).append("=").append(value).append(";");
    return true;
  });
  EXPECT_EQ(all, "a=value of a;ab=value of ab;");
  EXPECT_FALSE(archive.ingest().snapshot().plugin_record("on", "e"));
  EXPECT_EQ(archive.check(), kAllIsWell);
}

}  // namespace
}  // namespace hilum::ingest
