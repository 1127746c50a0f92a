// Storing instances: what comes into the index, what is refused, what is overwritten.
#include <hilum/index.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>

#include "core/ingest/md5.h"
#include "tests/unit/ingest/fixture.h"

namespace hilum::ingest {
namespace {

using testing::Archive;
using testing::dicom_file;
using testing::elements_of;
using testing::fast_options;
using testing::instance_file;
using testing::kAllIsWell;

TEST(Store, KeepsBytesTagsAndMetadata) {
  Archive archive;
  const std::string file = instance_file(1, 7);
  Origin origin;
  origin.kind = OriginKind::kDicomProtocol;
  origin.remote_aet = "CT1";
  origin.called_aet = "HILUM";
  origin.remote_ip = "127.0.0.1";
  const Stored stored = archive.store(file, origin);
  EXPECT_EQ(stored.outcome, Outcome::kStored);
  EXPECT_EQ(stored.patient, PublicId::hash_of("P1"));
  EXPECT_EQ(stored.instance, PublicId::hash_of("P1|1.1|1.1.1|1.1.1.7"));
  const auto instance = archive.find(stored.instance);
  ASSERT_TRUE(instance);
  EXPECT_EQ(archive.file_of(*instance), file);
  EXPECT_EQ(instance->attachments[0].content_md5, md5_of(file));
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_INDEX_IN_SERIES), "1");
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_RECEPTION_DATE).size(), 15u);
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_REMOTE_AET), "CT1");
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_ORIGIN), "DicomProtocol");
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_TRANSFER_SYNTAX), "1.2.840.10008.1.2.1");
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_SOP_CLASS), "1.2.840.10008.5.1.4.1.1.7");
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_REMOTE_IP), "127.0.0.1");
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_CALLED_AET), "HILUM");
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_HTTP_USERNAME), "(none)");
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_PIXEL_DATA_OFFSET),
            std::to_string(file.size() - 64 - 12));
  EXPECT_EQ(archive.metadata(*instance, HILUM_METADATA_PIXEL_DATA_VR), "(none)");
  const auto patient = archive.find(stored.patient);
  EXPECT_EQ(archive.metadata(*patient, HILUM_METADATA_MAIN_TAGS_SIGNATURE),
            "0010,0010;0010,0020;0010,0030;0010,0040;0010,1000");
  EXPECT_EQ(archive.metadata(*archive.find(stored.series), HILUM_METADATA_REMOTE_AET), "CT1");
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Store, ExpectedNumberOfInstances) {
  Archive archive(fast_options());
  auto elements = elements_of("E", "1.2", "1.2.3", "1.2.3.4");
  elements[0x00201002] = {"IS", "3"};
  elements[0x00200105] = {"IS", "4"};
  const Stored stored = archive.store(dicom_file(elements));
  EXPECT_EQ(archive.metadata(*archive.find(stored.series), HILUM_METADATA_EXPECTED_INSTANCES), "12");
  auto alone = elements_of("E", "1.2", "1.2.4", "1.2.4.4");
  alone[0x00201002] = {"IS", "3"};
  alone[0x00181090] = {"IS", "0"};
  EXPECT_EQ(archive.metadata(*archive.find(archive.store(dicom_file(alone)).series),
                             HILUM_METADATA_EXPECTED_INSTANCES),
            "(none)");
}

TEST(Store, RefusesWhatIsNoInstance) {
  Archive archive(fast_options());
  EXPECT_EQ(archive.error_of(""), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(archive.error_of("this is not DICOM, but long enough to look at it twice"), HILUM_E_BAD_FORMAT);
  const std::string whole = instance_file(1, 1);
  EXPECT_EQ(archive.error_of(whole.substr(0, whole.size() - 5)), HILUM_E_BAD_FORMAT);
  for (const uint32_t uid : {0x00080018u, 0x0020000du, 0x0020000eu}) {
    auto elements = elements_of("P", "1.2", "1.3", "1.4");
    elements[uid].second = "";
    EXPECT_EQ(archive.error_of(dicom_file(elements)), HILUM_E_BAD_FORMAT);
    elements.erase(uid);
    EXPECT_EQ(archive.error_of(dicom_file(elements)), HILUM_E_INEXISTENT_TAG);
  }
  EXPECT_EQ(archive.error_of(dicom_file(elements_of(std::string(258, 'P'), "1.2", "1.3", "1.4"))),
            HILUM_E_BAD_TYPE);
  EXPECT_EQ(archive.ingest().snapshot().totals().instances, 0u);
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Store, AlreadyStoredAndOverwritten) {
  Archive archive(fast_options());
  const std::string first = instance_file(1, 1, 64), other = instance_file(1, 1, 100);
  const Stored stored = archive.store(first);
  EXPECT_EQ(archive.store(other).outcome, Outcome::kAlreadyStored);
  EXPECT_EQ(archive.file_of(*archive.find(stored.instance)), first);

  Options options = fast_options();
  options.overwrite_if_changed = true;
  archive.restart(options);
  EXPECT_EQ(archive.store(first).outcome, Outcome::kAlreadyStored);
  EXPECT_EQ(archive.store(other).outcome, Outcome::kStored);
  EXPECT_EQ(archive.file_of(*archive.find(stored.instance)), other);

  options = fast_options();
  options.overwrite_instances = true;
  archive.restart(options);
  const auto uuid = archive.find(stored.instance)->attachments[0].uuid;
  EXPECT_EQ(archive.store(other).outcome, Outcome::kStored);
  EXPECT_NE(archive.find(stored.instance)->attachments[0].uuid, uuid);
  EXPECT_EQ(archive.ingest().snapshot().totals().instances, 1u);
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Store, SpooledAndCompressed) {
  Options options = fast_options();
  options.compression = true;
  Archive archive(options);
  const std::string file = instance_file(1, 1, 3 << 20);
  const Stored stored = archive.ingest().store(archive.spooled(file), {});
  auto instance = archive.find(stored.instance);
  ASSERT_EQ(instance->attachments.size(), 2u);  // the file, and its part up to the pixel data
  EXPECT_TRUE(instance->attachments[0].compressed);
  EXPECT_LT(instance->attachments[0].stored_size, file.size() / 10);
  EXPECT_EQ(instance->attachments[0].content_size, file.size());
  EXPECT_EQ(instance->attachments[0].content_md5, md5_of(file));
  EXPECT_EQ(instance->attachments[0].stored_md5, md5_of(archive.file_of(*instance)));
  EXPECT_EQ(instance->attachments[1].type, 3);
  EXPECT_EQ(instance->attachments[1].content_size, file.size() - (3 << 20) - 12);

  // The form of the files follows the configuration when asked to.
  archive.restart(fast_options());
  archive.ingest().reconstruct(stored.patient, true, false);
  instance = archive.find(stored.instance);
  ASSERT_EQ(instance->attachments.size(), 1u);
  EXPECT_EQ(archive.file_of(*instance), file);
  archive.restart(options);
  archive.ingest().reconstruct(stored.patient, true, false);
  instance = archive.find(stored.instance);
  ASSERT_EQ(instance->attachments.size(), 2u);
  EXPECT_TRUE(instance->attachments[0].compressed);
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Store, LargeFilesAreTakenOver) {
  Archive archive;
  const std::string file = instance_file(1, 1, 5 << 20);
  Bytes bytes = archive.spooled(file);
  const Stored stored = archive.ingest().store(std::move(bytes), {});
  EXPECT_EQ(archive.file_of(*archive.find(stored.instance)), file);
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Store, Filters) {
  Archive archive(fast_options());
  archive.ingest().add_filter("test", [](const Incoming& incoming) {
    char preamble[4] = {1, 1, 1, 1};
    EXPECT_EQ(incoming.read(0, preamble, 4), 4u);
    EXPECT_EQ(preamble[0], 0);
    if (incoming.file_size() % 4 == 2) {
      throw Error(HILUM_E_FORBIDDEN, "not this one");
    }
    return incoming.origin().user == "nobody" ? Verdict::kDiscard : Verdict::kKeep;
  });
  Origin origin;
  origin.user = "nobody";
  const std::string file = instance_file(1, 1);
  if (file.size() % 4 == 0) {
    EXPECT_EQ(archive.store(file, origin).outcome, Outcome::kFilteredOut);
    EXPECT_EQ(archive.error_of(instance_file(1, 1, 66)), HILUM_E_FORBIDDEN);
  } else {
    EXPECT_EQ(archive.store(instance_file(1, 1, 66), origin).outcome, Outcome::kFilteredOut);
    EXPECT_EQ(archive.error_of(file), HILUM_E_FORBIDDEN);
  }
  EXPECT_EQ(archive.ingest().snapshot().totals().instances, 0u);
  archive.ingest().remove_filters("test");
  EXPECT_EQ(archive.store(file, origin).outcome, Outcome::kStored);
}

TEST(Store, ManyThreads) {
  Archive archive;
  constexpr int kThreads = 8, kEach = 60;
  std::atomic<int> stored{0}, already{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        // Every file is sent by two threads.
        const Stored result = archive.store(instance_file(i % 5, (t / 2) * kEach + i));
        (result.outcome == Outcome::kStored ? stored : already)++;
        EXPECT_TRUE(archive.find(result.instance)) << "acknowledged, but not visible";
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(stored, kThreads / 2 * kEach);
  EXPECT_EQ(already, kThreads / 2 * kEach);
  EXPECT_EQ(archive.ingest().snapshot().totals().instances, static_cast<uint64_t>(kThreads / 2 * kEach));
  EXPECT_EQ(archive.ingest().snapshot().totals().patients, 5u);
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Store, RealFiles) {
  const std::filesystem::path folder = "/usr/lib/python3/dist-packages/pydicom/data/test_files";
  if (!std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "python3-pydicom is not installed";
  }
  Options options = fast_options();
  options.overwrite_instances = true;
  Archive archive(options);
  int kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".dcm") {
      continue;
    }
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string file(std::istreambuf_iterator<char>(in), {});
    try {
      const Stored stored = archive.store(file);
      EXPECT_EQ(archive.file_of(*archive.find(stored.instance)), file) << entry.path();
      ++kept;
    } catch (const Error& error) {
      EXPECT_LT(error.http_status(), 500) << entry.path() << ": " << error.what();
    }
  }
  EXPECT_GT(kept, 40);
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Store, RefusesAfterStop) {
  Archive archive(fast_options());
  archive.store(instance_file(1, 1));
  archive.ingest().stop();
  EXPECT_EQ(archive.error_of(instance_file(1, 2)), HILUM_E_UNAVAILABLE);
}

}  // namespace
}  // namespace hilum::ingest
