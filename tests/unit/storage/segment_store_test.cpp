#include "core/storage/segment_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "core/base/uuid.h"
#include "core/storage/crc32c.h"
#include "tests/unit/storage/fixture.h"

namespace hilum::storage {
namespace {

using testing::content_of;
using testing::MemoryStore;
using testing::Server;
using testing::small_options;
using testing::TempFolder;

std::string blob(char letter, size_t size) { return std::string(size, letter); }

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(crc32c("12345"), "6789", 4), crc32c("123456789"));
}

TEST(LogFormat, LocationsAndDamagedBytes) {
  const Location where{BlobForm::kFile, 7, 1ull << 40, 123456789, 0xdeadbeef, 99};
  const std::string bytes = encode(where);
  const auto back = decode_location(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->offset, where.offset);
  EXPECT_EQ(back->entry_size, 99u);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_location(std::string_view(bytes).substr(0, size)));
  }
  const std::string header = encode(SegmentHeader{3, 42, 2, 1000, 17});
  ASSERT_TRUE(decode_segment_header(header));
  for (size_t i = 0; i < header.size(); ++i) {
    std::string damaged = header;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(decode_segment_header(damaged)) << i;
  }
}

TEST(LogFormat, LocationWithoutSegmentIsNone) {
  // A varint of more than 64 bits, whose tail can be read as checksum and entry size.
  EXPECT_FALSE(decode_location("\x01" + std::string(9, '\x80') + "\x02"));
}

TEST(SegmentStore, KeepsWhatItWasGiven) {
  TempFolder folder;
  MemoryStore kv;
  std::vector<BlobUuid> small, large;
  const BlobUuid unknown = Uuid::generate().bytes();
  {
    Server server(folder.path(), kv);
    small = server.put({"one", "two", ""});
    large = server.put({blob('L', 10000), "three"});
    EXPECT_EQ(server.get(small[0]), "one");
    EXPECT_EQ(server.get(small[2]), "");
    EXPECT_EQ(server.get(large[0]), blob('L', 10000));
    EXPECT_FALSE(server.store().open(unknown));
    char part[3];
    EXPECT_EQ(server.store().open(small[1])->read(1, part, sizeof part), 2u);
    const auto reader = server.store().open(large[1]);
    const auto range = reader->file_range();
    char direct[5];
    ASSERT_EQ(pread(range->fd, direct, 5, static_cast<off_t>(range->offset)), 5);
    EXPECT_EQ(std::string(direct, 5), "three");
  }
  Server again(folder.path(), kv);
  EXPECT_EQ(again.group(), 2u);
  EXPECT_EQ(again.get(small[1]), "two");
  EXPECT_EQ(again.get(large[0]), blob('L', 10000));
  again.put({"four"});
  EXPECT_TRUE(check_blobs(folder.path(), kv, true).empty());
}

TEST(SegmentStore, OneProcessAtATimeAndNotIntoAFile) {
  TempFolder folder;
  MemoryStore kv;
  Server server(folder.path(), kv);
  try {
    SegmentStore second(folder.path(), small_options(), kv);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_DATABASE);
    EXPECT_NE(error.details().find("in use by another process"), std::string::npos);
  }
  std::ofstream(folder.path() + "/plain") << "x";
  EXPECT_THROW(SegmentStore(folder.path() + "/plain", small_options(), kv), Error);
  SegmentStore made(folder.path() + "/a/b", small_options(), kv);
  EXPECT_EQ(std::filesystem::status(folder.path() + "/a/b").permissions(), std::filesystem::perms::owner_all);
}

TEST(SegmentStore, AdoptsSpooledFiles) {
  TempFolder folder;
  MemoryStore kv;
  Server server(folder.path(), kv);
  std::vector<BlobUuid> uuids;
  for (const size_t size : {size_t{10}, size_t{9000}}) {
    const int fd = open(server.store().spool_directory().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(write(fd, blob('s', size).data(), size), static_cast<ssize_t>(size));
    std::vector<std::unique_ptr<StagedBlob>> blobs;
    blobs.push_back(server.store().stage_file(fd, size));
    uuids.push_back(blobs[0]->uuid());
    index::KvBatch changes;
    server.commit(blobs, {}, &changes);
  }
  EXPECT_EQ(server.get(uuids[0]), blob('s', 10));
  EXPECT_EQ(server.get(uuids[1]), blob('s', 9000));
  const int fd = open(server.store().spool_directory().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  EXPECT_THROW(server.store().stage_file(fd, 5), Error);  // not its size
  EXPECT_TRUE(check_blobs(folder.path(), kv, true).empty());
}

// As where O_TMPFILE is unknown: what has once had a name can be given none.
TEST(SegmentStore, CopiesSpooledFilesThatCannotBeNamed) {
  TempFolder folder;
  MemoryStore kv;
  Server server(folder.path(), kv);
  std::string name = server.store().spool_directory() + "/named-XXXXXX";
  const int fd = mkstemp(name.data());
  ASSERT_GE(fd, 0);
  ASSERT_EQ(unlink(name.c_str()), 0);
  const size_t size = 700000;  // more than one piece
  ASSERT_EQ(write(fd, blob('s', size).data(), size), static_cast<ssize_t>(size));
  std::vector<std::unique_ptr<StagedBlob>> blobs;
  blobs.push_back(server.store().stage_file(fd, size));
  index::KvBatch changes;
  server.commit(blobs, {}, &changes);
  EXPECT_EQ(server.get(blobs[0]->uuid()), blob('s', size));
  EXPECT_TRUE(check_blobs(folder.path(), kv, true).empty());
}

TEST(SegmentStore, DroppedBlobsLeaveNothing) {
  TempFolder folder;
  MemoryStore kv;
  Server server(folder.path(), kv);
  server.put({"a"});
  { const auto dropped = server.store().stage(blob('d', 9000)); }
  EXPECT_TRUE(check_blobs(folder.path(), kv, true).empty());
}

TEST(SegmentStore, LayoutsCanBeMixed) {
  TempFolder folder;
  MemoryStore kv;
  std::vector<BlobUuid> uuids;
  StoreOptions files = small_options();
  files.files_layout = true;
  for (int round = 0; round < 3; ++round) {
    Server server(folder.path(), kv, round == 1 ? files : small_options());
    for (const BlobUuid& uuid : server.put({"small " + std::to_string(round), blob('x', 5000)})) {
      uuids.push_back(uuid);
    }
    if (round == 1) {
      const auto location = decode_location(kv.entries().at(location_key(uuids[2])));
      EXPECT_EQ(location->form, BlobForm::kFile);
    }
  }
  Server server(folder.path(), kv, files);
  EXPECT_EQ(server.get(uuids[0]), "small 0");
  EXPECT_EQ(server.get(uuids[2]), "small 1");
  EXPECT_EQ(server.get(uuids[4]), "small 2");
  EXPECT_TRUE(check_blobs(folder.path(), kv, true).empty());
  server.put({}, uuids);
  EXPECT_EQ(server.get(uuids[2]), "(none)");
  EXPECT_TRUE(check_blobs(folder.path(), kv, true).empty());
}

TEST(SegmentStore, StoredAndRemovedInOneGroup) {
  TempFolder folder;
  MemoryStore kv;
  Server server(folder.path(), kv);
  std::vector<std::unique_ptr<StagedBlob>> blobs;
  blobs.push_back(server.store().stage("short life"));
  blobs.push_back(server.store().stage(blob('f', 9000)));
  const std::vector<BlobUuid> uuids{blobs[0]->uuid(), blobs[1]->uuid()};
  index::KvBatch changes;
  server.commit(blobs, uuids, &changes);
  blobs.clear();
  EXPECT_FALSE(server.store().open(uuids[0]));
  EXPECT_FALSE(server.store().open(uuids[1]));
  EXPECT_TRUE(check_blobs(folder.path(), kv, true).empty());
}

TEST(SegmentStore, EmptiesAndDeletesSegments) {
  TempFolder folder;
  MemoryStore kv;
  std::map<BlobUuid, std::string> living;
  Server server(folder.path(), kv);
  std::vector<BlobUuid> dead;
  for (int i = 0; i < 60; ++i) {
    std::string content = std::to_string(i) + blob('c', i % 10 == 5 ? 5000 : 1000);
    const BlobUuid uuid = server.put({content})[0];
    if (i % 4 == 0 || i % 10 == 5) {
      living[uuid] = content;
    } else {
      dead.push_back(uuid);
    }
  }
  const auto held = server.store().open(dead[0]);  // a reader that stays
  for (const BlobUuid& uuid : dead) {
    server.put({}, {uuid});
  }
  const auto count = [&] { return SegmentFolder(folder.path() + "/segments").numbers().size(); };
  const size_t before = count();
  server.rest();
  EXPECT_LT(count(), before);
  for (const auto& [uuid, content] : living) {
    EXPECT_EQ(server.get(uuid), content);
  }
  EXPECT_EQ(content_of(*held), "1" + blob('c', 1000));
  EXPECT_EQ(check_blobs(folder.path(), kv, true), std::vector<std::string>{});

  // A rebuild from the log alone finds exactly the living ones.
  std::map<BlobUuid, std::string> found;
  for_each_blob(folder.path(), [&](const LoggedBlob& logged, const BlobReader* reader) {
    ASSERT_NE(reader, nullptr);
    found[logged.uuid] = content_of(*reader);
    EXPECT_EQ(logged.description, "about " + found[logged.uuid].substr(0, 8));
  });
  EXPECT_EQ(found, living);

  std::vector<BlobUuid> rest;
  for (const auto& entry : living) {
    rest.push_back(entry.first);
  }
  server.put({}, rest);
  for (int i = 0; i < 30; ++i) {
    server.put({blob('z', 1000)});
  }
  server.rest();
  EXPECT_EQ(check_blobs(folder.path(), kv, true), std::vector<std::string>{});
}

TEST(SegmentStore, SweepsFilesThatACrashLeftBehind) {
  TempFolder folder;
  MemoryStore kv;
  BlobUuid kept;
  {
    Server server(folder.path(), kv);
    kept = server.put({blob('k', 9000)})[0];
  }
  const BlobUuid orphan = Uuid::generate().bytes();
  OwnFiles files(folder.path() + "/files", FileSystem::system(), false);
  files.create(orphan, "left behind");
  ASSERT_TRUE(std::filesystem::exists(files.path_of(orphan)));
  Server server(folder.path(), kv);
  const auto on_its_way = server.store().stage(blob('w', 9000));
  for (int i = 0; i < 6000 && std::filesystem::exists(files.path_of(orphan)); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_FALSE(std::filesystem::exists(files.path_of(orphan)));
  EXPECT_TRUE(std::filesystem::exists(files.path_of(on_its_way->uuid())));
  EXPECT_EQ(server.get(kept), blob('k', 9000));
}

TEST(SegmentStore, ReadersDuringCompaction) {
  TempFolder folder;
  MemoryStore kv;
  Server server(folder.path(), kv);
  std::vector<BlobUuid> kept, dead;
  for (int i = 0; i < 60; ++i) {
    auto uuids = server.put({"keep" + std::to_string(i) + blob('k', 100), blob('d', 1500)});
    kept.push_back(uuids[0]);
    dead.push_back(uuids[1]);
  }
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    while (!stop) {
      for (size_t i = 0; i < kept.size(); ++i) {
        wrong += server.get(kept[i]) == "keep" + std::to_string(i) + blob('k', 100) ? 0 : 1;
      }
    }
  });
  for (const BlobUuid& uuid : dead) {
    server.put({}, {uuid});
    server.rest();
  }
  stop = true;
  reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(check_blobs(folder.path(), kv, true).empty());
}

}  // namespace
}  // namespace hilum::storage
