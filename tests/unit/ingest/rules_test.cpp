// Recycling, protection, stability, changes by others, reconstruction and the tools for the index.
#include <hilum/index.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/unit/ingest/fixture.h"

namespace hilum::ingest {
namespace {

using index::ChangeType;
using index::Level;
using testing::Archive;
using testing::dicom_file;
using testing::elements_of;
using testing::fast_options;
using testing::instance_file;
using testing::kAllIsWell;

bool has_patient(Archive& archive, int patient) {
  return archive.find(PublicId::hash_of("P" + std::to_string(patient))).has_value();
}

void protect(Archive& archive, int patient) {
  Ingest::Change change;
  change.apply = [&](index::Transaction& transaction) {
    transaction.set_protected(*transaction.find(PublicId::hash_of("P" + std::to_string(patient))), true);
    return std::vector<index::BlobUuid>{};
  };
  archive.ingest().change(std::move(change));
}

TEST(Recycling, OldestUnprotectedPatientGoes) {
  Options options = fast_options();
  options.maximum_patient_count = 3;
  Archive archive(options);
  for (const int patient : {1, 2, 3}) {
    archive.store(instance_file(patient, 1));
  }
  archive.store(instance_file(1, 2));  // 1 goes to the end
  protect(archive, 2);
  archive.store(instance_file(4, 1));
  EXPECT_TRUE(has_patient(archive, 1) && has_patient(archive, 2) && has_patient(archive, 4));
  EXPECT_FALSE(has_patient(archive, 3));
  protect(archive, 1);
  protect(archive, 4);
  try {
    archive.store(instance_file(5, 1));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_FULL_STORAGE);
    EXPECT_EQ(error.http_status(), 500);
    EXPECT_EQ(error.details(), "Cannot recycle more patients");
  }
  archive.store(instance_file(4, 2));  // no new patient
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Recycling, BySize) {
  Options options = fast_options();
  options.maximum_storage_size = 25000;
  Archive archive(options);
  for (int patient = 1; patient <= 5; ++patient) {
    archive.store(instance_file(patient, 1, 10000));
    EXPECT_LE(archive.ingest().snapshot().totals().stored_size, 25000u);
  }
  EXPECT_FALSE(has_patient(archive, 3));
  EXPECT_TRUE(has_patient(archive, 4) && has_patient(archive, 5));
  EXPECT_EQ(archive.error_of(instance_file(6, 1, 30000)), HILUM_E_FULL_STORAGE);
  EXPECT_TRUE(has_patient(archive, 5)) << "a refused instance must not cost others anything";
  // A lower limit is respected at the next start.
  options.maximum_storage_size = 15000;
  archive.restart(options);
  EXPECT_FALSE(has_patient(archive, 4));
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Recycling, Reject) {
  Options options = fast_options();
  options.maximum_patient_count = 1;
  options.reject_when_full = true;
  Archive archive(options);
  archive.store(instance_file(1, 1));
  try {
    archive.store(instance_file(2, 1));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_FULL_STORAGE);
    EXPECT_EQ(error.http_status(), 507);
  }
  EXPECT_TRUE(has_patient(archive, 1));
}

TEST(Stability, AnnouncedInOrderAfterTheAge) {
  Options options = fast_options();
  options.stable_age_seconds = 2;
  Archive archive(options);
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<ChangeType> seen;
  archive.events().listen("test", [&](const index::Change& change) {
    const std::lock_guard lock(mutex);
    if (change.type == ChangeType::kStableSeries || change.type == ChangeType::kStableStudy ||
        change.type == ChangeType::kStablePatient) {
      seen.push_back(change.type);
      wake.notify_all();
    }
  });
  const Stored stored = archive.store(instance_file(1, 1));
  const auto series = archive.find(stored.series);
  EXPECT_FALSE(archive.ingest().is_stable(series->id));
  {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(wake.wait_for(lock, std::chrono::seconds(60), [&] { return seen.size() == 3; }));
  }
  EXPECT_EQ(seen, (std::vector<ChangeType>{ChangeType::kStableSeries, ChangeType::kStableStudy,
                                           ChangeType::kStablePatient}));
  for (int i = 0; i < 30000 && !archive.ingest().is_stable(series->id); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_TRUE(archive.ingest().is_stable(series->id));
  archive.store(instance_file(1, 1));  // AlreadyStored makes nothing unstable
  EXPECT_TRUE(archive.ingest().is_stable(series->id));
  archive.events().remove("test");
}

TEST(Change, RollsBackWhatThrows) {
  Archive archive(fast_options());
  const Stored stored = archive.store(instance_file(1, 1));
  const auto attempt = [&](bool fail) {
    Ingest::Change change;
    change.apply = [&](index::Transaction& transaction) {
      transaction.add_label(*transaction.find(stored.study), "label");
      if (fail) {
        throw Error(HILUM_E_REVISION, "no");
      }
      return std::vector<index::BlobUuid>{};
    };
    archive.ingest().change(std::move(change));
  };
  EXPECT_THROW(attempt(true), Error);
  const auto study = archive.find(stored.study)->id;
  EXPECT_TRUE(archive.ingest().snapshot().labels(study).empty());
  attempt(false);
  EXPECT_EQ(archive.ingest().snapshot().labels(study).size(), 1u);
}

// A user attachment, as the attachments service makes them.
index::Attachment attach(Archive& archive, const PublicId& owner, Level level, const std::string& content) {
  Bytes bytes;
  bytes.memory = content;
  auto [attachment, blob] = archive.ingest().stage_attachment(1024, std::move(bytes), true);
  Ingest::Change change;
  change.owner.emplace(level, owner);
  change.blobs.push_back(std::move(blob));
  change.apply = [&, made = attachment](index::Transaction& transaction) {
    transaction.set_attachment(*transaction.find(owner), made, true);
    return std::vector<index::BlobUuid>{};
  };
  archive.ingest().change(std::move(change));
  return attachment;
}

TEST(Reconstruct, ReadsTagsAgain) {
  Archive archive(fast_options());
  const Stored stored = archive.store(instance_file(1, 1));
  auto elements = elements_of("P1", "1.1", "1.1.1", "1.1.1.2");
  elements[0x00100010].second = "Second^Name";
  const Stored second = archive.store(dicom_file(elements));
  const auto name = [&] {
    const auto patient = archive.find(stored.patient);
    for (const auto& tag : patient->tags) {
      if (tag.tag == dicom::kPatientName) {
        return tag.value;
      }
    }
    return std::string();
  };
  EXPECT_EQ(name(), "Name^P1");
  archive.ingest().reconstruct(second.instance, false, true);
  EXPECT_EQ(name(), "Name^P1");  // only its own level
  archive.ingest().reconstruct(second.instance, false, false);
  EXPECT_EQ(name(), "Second^Name");
  archive.ingest().reconstruct(stored.instance, false, false);
  EXPECT_EQ(name(), "Name^P1");
  EXPECT_THROW(archive.ingest().reconstruct(PublicId{}, false, false), Error);
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(IndexTools, RebuildFromTheStorageAlone) {
  Options options = fast_options();
  options.overwrite_instances = true;
  Archive archive(options);
  Origin origin;
  origin.kind = OriginKind::kRestApi;
  origin.remote_ip = "127.0.0.1";
  origin.user = "alice";
  Stored stored;
  for (int i = 0; i < 40; ++i) {
    stored = archive.store(instance_file(i % 4, i, i == 39 ? 2 << 20 : 64), origin);
  }
  archive.store(instance_file(3, 39, 2 << 20), origin);  // overwritten once
  attach(archive, stored.study, Level::kStudy, "some text");
  const Stored gone = archive.store(instance_file(9, 1));
  attach(archive, gone.study, Level::kStudy, "some other text");
  Ingest::Change change;
  change.apply = [&](index::Transaction& transaction) {
    return transaction.remove(*transaction.find(gone.patient)).blobs;
  };
  archive.ingest().change(std::move(change));
  const auto before = archive.ingest().snapshot().totals();
  const std::string reception =
      archive.metadata(*archive.find(stored.instance), HILUM_METADATA_RECEPTION_DATE);

  archive.stop();
  const std::string rebuilt = archive.folder() + "/rebuilt";
  std::vector<std::string> lines;
  const auto report = [&](const std::string& line) { lines.push_back(line); };
  EXPECT_EQ(rebuild_index(archive.storage_folder(), rebuilt, options, report), 0);
  EXPECT_EQ(lines, std::vector<std::string>{"40 instances and 1 other attachments are in the new index"});
  EXPECT_THROW(rebuild_index(archive.storage_folder(), rebuilt, options, report), Error);  // not empty
  std::filesystem::remove_all(archive.index_folder());
  std::filesystem::rename(rebuilt, archive.index_folder());
  archive.start();
  const auto after = archive.ingest().snapshot().totals();
  EXPECT_EQ(after.instances, before.instances);
  EXPECT_EQ(after.patients, before.patients);
  EXPECT_EQ(after.stored_size, before.stored_size);
  const auto instance = archive.find(stored.instance);
  EXPECT_EQ(archive.file_of(*instance), instance_file(3, 39, 2 << 20));
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_RECEPTION_DATE), reception);
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_HTTP_USERNAME), "alice");
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_ORIGIN), "RestApi");
  EXPECT_FALSE(archive.find(gone.patient));
  EXPECT_EQ(archive.store(instance_file(50, 1)).outcome, Outcome::kStored);
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(IndexTools, CheckFindsWhatIsMissing) {
  Archive archive(fast_options());
  archive.store(instance_file(1, 1, 2 << 20));
  archive.store(instance_file(1, 2));
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(archive.storage_folder() + "/files")) {
    if (entry.is_regular_file()) {
      std::filesystem::remove(entry.path());
    }
  }
  const auto lines = archive.check();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find("is missing"), std::string::npos);
}

}  // namespace
}  // namespace hilum::ingest
