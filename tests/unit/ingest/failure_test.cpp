// The archive on a disk of which one call fails: what was acknowledged is there, what failed is not.
#include "core/ingest/batch.h"
#include "tests/unit/index/failing_env.h"
#include "tests/unit/ingest/fixture.h"
#include "tests/unit/storage/failing_files.h"

namespace hilum::ingest {
namespace {

using index::FailingEnv;
using storage::testing::FailingFiles;
using testing::Archive;
using testing::instance_file;
using testing::kAllIsWell;

constexpr size_t kLarge = 1 << 20;  // becomes a file of its own

PublicId id_of(int patient, int instance) {
  const std::string p = std::to_string(patient);
  return PublicId::hash_of("P" + p + "|1." + p + "|1." + p + ".1|1." + p + ".1." + std::to_string(instance));
}

// What was acknowledged: the files of instances (none: not there), and the labels of one patient.
struct Expected {
  std::map<PublicId, std::optional<std::string>> files;
  std::set<std::string> labels;
  int failures = 0;
};

template <typename Act>
bool attempt(Expected& expected, Act act) {
  try {
    act();
    return true;
  } catch (const Error& error) {
    EXPECT_TRUE(error.code() == HILUM_E_FULL_STORAGE || error.code() == HILUM_E_CANNOT_WRITE ||
                error.code() == HILUM_E_DATABASE)
        << error.what();
    ++expected.failures;
    return false;
  }
}

void store(Archive& archive, Expected& expected, int patient, int instance, size_t pixels) {
  const std::string file = instance_file(patient, instance, pixels);
  auto& known = expected.files.try_emplace(id_of(patient, instance)).first->second;
  if (attempt(expected, [&] { archive.store(file); })) {
    known = file;
  }
}

void remove(Archive& archive, Expected& expected, int patient, int instance) {
  const PublicId id = id_of(patient, instance);
  const auto act = [&] {
    Ingest::Change change;
    change.apply = [&](index::Transaction& transaction) {
      const auto found = transaction.find(id);
      return found ? transaction.remove(*found).blobs : std::vector<index::BlobUuid>();
    };
    archive.ingest().change(std::move(change));
  };
  if (attempt(expected, act)) {
    expected.files[id] = std::nullopt;
  }
}

void label(Archive& archive, Expected& expected, int patient, const std::string& text) {
  const auto act = [&] {
    Ingest::Change change;
    change.apply = [&](index::Transaction& transaction) {
      const auto found = transaction.find(PublicId::hash_of("P" + std::to_string(patient)));
      if (!found) {
        throw Error(HILUM_E_DATABASE, "never stored");
      }
      transaction.add_label(*found, text);
      return std::vector<index::BlobUuid>();
    };
    archive.ingest().change(std::move(change));
  };
  if (attempt(expected, act)) {
    expected.labels.insert(text);
  }
}

// Two new instances for an old one: all or nothing.
void exchange(Archive& archive, Expected& expected, int patient, std::pair<int, int> removed) {
  const std::string small = instance_file(patient, 1, 100), large = instance_file(patient, 2, kLarge);
  expected.files.try_emplace(id_of(patient, 1));
  expected.files.try_emplace(id_of(patient, 2));
  const PublicId gone = id_of(removed.first, removed.second);
  const auto act = [&] {
    const auto batch = archive.ingest().open_batch();
    for (const std::string& file : {small, large}) {
      Bytes bytes;
      bytes.memory = file;
      batch->add(std::move(bytes), {});
    }
    batch->then([&](index::Transaction& transaction, std::vector<index::BlobUuid>& blobs) {
      if (const auto found = transaction.find(gone)) {
        const auto freed = transaction.remove(*found).blobs;
        blobs.insert(blobs.end(), freed.begin(), freed.end());
      }
    });
    batch->commit();
  };
  if (attempt(expected, act)) {
    expected.files[id_of(patient, 1)] = small;
    expected.files[id_of(patient, 2)] = large;
    expected.files[gone] = std::nullopt;
  }
}

void live(Archive& archive, Expected& expected) {
  store(archive, expected, 9, 1, 100);
  store(archive, expected, 1, 1, 100);
  store(archive, expected, 1, 2, kLarge);
  label(archive, expected, 9, "first");
  store(archive, expected, 1, 1, 200);  // overwrites
  remove(archive, expected, 1, 2);
  store(archive, expected, 2, 1, 100);
  store(archive, expected, 2, 2, kLarge);
  store(archive, expected, 2, 2, kLarge + 2);
  remove(archive, expected, 2, 1);
  store(archive, expected, 1, 3, 100);
  exchange(archive, expected, 4, {2, 2});
  label(archive, expected, 9, "second");
}

void expect(Archive& archive, const Expected& expected) {
  uint64_t instances = 0;
  for (const auto& [id, file] : expected.files) {
    const auto found = archive.find(id);
    ASSERT_EQ(found.has_value(), file.has_value()) << id.to_string();
    if (file) {
      ++instances;
      EXPECT_EQ(archive.file_of(*found), *file);
    }
  }
  const index::Snapshot snapshot = archive.ingest().snapshot();
  EXPECT_EQ(snapshot.totals().instances, instances);
  if (const auto patient = snapshot.find(PublicId::hash_of("P9"))) {
    const auto labels = snapshot.labels(patient->id);
    EXPECT_EQ(std::set<std::string>(labels.begin(), labels.end()), expected.labels);
  }
}

// One failure, at each call in turn. `make` gives the archive with its failing part, `has_failed` looks at
// it.
template <typename Faulty, typename Make>
void fail_everywhere(Make make) {
  bool failed = true;
  for (int n = 0; failed; ++n) {
    SCOPED_TRACE("call " + std::to_string(n) + " fails");
    ASSERT_LT(n, 1000);
    Faulty faulty(n);
    Options options;
    options.overwrite_instances = true;
    Expected expected;
    std::unique_ptr<Archive> archive;
    try {
      archive = make(options, faulty);
    } catch (const Error&) {
      failed = faulty.has_failed();
      ASSERT_TRUE(failed);
      continue;  // the start was refused
    }
    live(*archive, expected);
    EXPECT_LE(expected.failures, 3) << "one failure spoils what comes after it";
    expect(*archive, expected);
    archive->crash();
    failed = faulty.has_failed();
    expect(*archive, expected);
    store(*archive, expected, 3, 1, 100);
    EXPECT_EQ(archive->check(), kAllIsWell);
    expect(*archive, expected);
    if (::testing::Test::HasFailure()) {
      return;
    }
  }
}

TEST(Failure, OfEveryCallOfTheStorage) {
  fail_everywhere<FailingFiles>(
      [](const Options& options, FailingFiles& files) { return std::make_unique<Archive>(options, files); });
}

TEST(Failure, OfEveryWriteOfTheIndex) {
  fail_everywhere<FailingEnv>([](const Options& options, FailingEnv& env) {
    return std::make_unique<Archive>(options, storage::FileSystem::system(), &env);
  });
}

TEST(Failure, AnAttachmentThatWasReplacedIsNotCorrupted) {
  Options options = testing::fast_options();
  options.overwrite_instances = true;
  Archive archive(options);
  const Stored stored = archive.store(instance_file(1, 1, 100));
  const auto before = archive.find(stored.instance);
  archive.store(instance_file(1, 1, 200));
  try {
    archive.ingest().open(before->attachments.at(0));
    FAIL() << "a blob that was removed can be opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_UNKNOWN_RESOURCE);
  }
  EXPECT_THROW(archive.store(testing::dicom_file(testing::elements_of("P", "", "1.2", "1.3"))),
               IdentityError);
}

}  // namespace
}  // namespace hilum::ingest
