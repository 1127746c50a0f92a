// Bodies that are ZIP archives.
#include <archive.h>
#include <archive_entry.h>

#include <functional>

#include "tests/unit/ingest/fixture.h"

namespace hilum::ingest {
namespace {

using testing::Archive;
using testing::fast_options;
using testing::instance_file;
using testing::kAllIsWell;

using Files = std::vector<std::pair<std::string, std::string>>;  // a name that ends in '/': a folder

std::string zip_of(const Files& files, const char* options = nullptr) {
  std::string out(64 << 20, '\0');
  size_t used = 0;
  archive* handle = archive_write_new();
  archive_write_set_format_zip(handle);
  if (options != nullptr) {
    EXPECT_EQ(archive_write_set_options(handle, options), ARCHIVE_OK);
    archive_write_set_passphrase(handle, "secret");
  }
  archive_write_open_memory(handle, out.data(), out.size(), &used);
  for (const auto& [name, content] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, name.back() == '/' ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_write_header(handle, entry);
    archive_write_data(handle, content.data(), content.size());
    archive_entry_free(entry);
  }
  archive_write_close(handle);
  archive_write_free(handle);
  out.resize(used);
  return out;
}

struct Answer {
  bool is_archive = false;
  std::vector<Stored> stored;
};

Answer store_body(Archive& archive, Bytes&& bytes) {
  Answer answer;
  answer.is_archive = archive.ingest().store_body(
      std::move(bytes), {}, [&](const Stored& stored) { answer.stored.push_back(stored); });
  return answer;
}
Answer store_body(Archive& archive, const std::string& body) {
  Bytes bytes;
  bytes.memory = body;
  return store_body(archive, std::move(bytes));
}

TEST(Zip, StoresInTheOrderOfTheArchive) {
  Archive archive(fast_options());
  Files files{{"folder/", ""}, {"folder/readme.txt", "not DICOM"}, {"empty.dcm", ""}};
  for (int i = 0; i < 50; ++i) {
    files.emplace_back("folder/" + std::to_string(i), instance_file(i % 3, i, i == 20 ? 3 << 20 : 64));
  }
  files.emplace_back("again.dcm", instance_file(0, 0));
  const std::string zip = zip_of(files);
  for (const bool spooled : {false, true}) {
    const Answer answer = spooled ? store_body(archive, archive.spooled(zip)) : store_body(archive, zip);
    EXPECT_TRUE(answer.is_archive);
    ASSERT_EQ(answer.stored.size(), 51u);
    for (int i = 0; i < 50; ++i) {
      const std::string p = std::to_string(i % 3);
      EXPECT_EQ(answer.stored[static_cast<size_t>(i)].instance,
                PublicId::hash_of("P" + p + "|1." + p + "|1." + p + ".1|1." + p + ".1." + std::to_string(i)));
      EXPECT_EQ(answer.stored[static_cast<size_t>(i)].outcome,
                spooled ? Outcome::kAlreadyStored : Outcome::kStored);
    }
    EXPECT_EQ(answer.stored[50].outcome, Outcome::kAlreadyStored);
  }
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Zip, OneFileIsNoArchive) {
  Archive archive(fast_options());
  const Answer answer = store_body(archive, instance_file(1, 1));
  EXPECT_FALSE(answer.is_archive);
  EXPECT_EQ(answer.stored.size(), 1u);
}

TEST(Zip, NothingUsable) {
  Archive archive(fast_options());
  const Answer answer = store_body(archive, zip_of({{"a.txt", "text"}}));
  EXPECT_TRUE(answer.is_archive);
  EXPECT_TRUE(answer.stored.empty());
}

int32_t error_of(Archive& archive, const std::string& body) {
  try {
    store_body(archive, body);
    return 0;
  } catch (const Error& error) {
    return error.code();
  }
}

TEST(Zip, DamagedEncryptedAndEmpty) {
  Archive archive(fast_options());
  EXPECT_EQ(error_of(archive, std::string("PK\x05\x06", 4) + std::string(18, '\0')), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(error_of(archive, "PK\x03\x04 and then nonsense"), HILUM_E_BAD_FORMAT);
  const std::string good = zip_of({{"a.dcm", instance_file(1, 1, 5000)}});
  EXPECT_EQ(error_of(archive, good.substr(0, good.size() / 2)), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(error_of(archive, zip_of({{"a.dcm", instance_file(1, 1)}}, "zip:encryption=aes128")),
            HILUM_E_BAD_FORMAT);
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(Zip, BombsAreBounded) {
  Options options = fast_options();
  options.zip_entry_limit = 100000;
  Archive archive(options);
  EXPECT_EQ(error_of(archive, zip_of({{"bomb", std::string(10 << 20, '\0')}})), HILUM_E_BAD_FORMAT);
}

}  // namespace
}  // namespace hilum::ingest
