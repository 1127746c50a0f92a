// What a crash, a power failure or a failing disk leaves behind.
#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "core/base/files.h"
#include "tests/unit/storage/failing_files.h"
#include "tests/unit/storage/fixture.h"

namespace hilum::storage {
namespace {

using testing::copy_folder;
using testing::Entries;
using testing::FailingFiles;
using testing::MemoryStore;
using testing::Server;
using testing::small_options;
using testing::TempFolder;

// Every reading that the index promises is there.
void expect_whole(const std::string& folder, MemoryStore& kv) {
  EXPECT_EQ(check_blobs(folder, kv, true), std::vector<std::string>{});
}

TEST(Crash, TornTailAtEveryByteOfTheLastGroup) {
  TempFolder folder, crashed;
  StoreOptions options = small_options();
  options.zeros_ahead = 0;
  MemoryStore kv;
  Server server(folder.path(), kv, options);
  const BlobUuid first = server.put({"first"})[0];
  const Entries before = kv.entries();
  const std::string segment = "/segments/00000001.log";
  const uint64_t start = std::filesystem::file_size(folder.path() + segment);
  const BlobUuid last = server.put({"last one", "and its brother"})[0];
  const uint64_t end = std::filesystem::file_size(folder.path() + segment);
  const std::string bytes = read_file(folder.path() + segment, 1 << 20);
  ASSERT_GT(end, start);
  for (uint64_t size = start; size <= end; ++size) {
    for (const bool zero_tail : {false, true}) {
      copy_folder(folder.path(), crashed.path());
      std::string torn = bytes.substr(0, size);
      torn.resize(zero_tail ? 4096 : size, '\0');
      write_file(crashed.path() + segment, torn);
      MemoryStore lost(before);  // LevelDB was not synced
      Server restarted(crashed.path(), lost, options);
      EXPECT_EQ(restarted.get(first), "first");
      EXPECT_EQ(restarted.get(last), size == end ? "last one" : "(none)") << size;
      const BlobUuid next = restarted.put({"next"})[0];
      EXPECT_EQ(restarted.get(next), "next");
      expect_whole(crashed.path(), lost);
    }
  }
}

TEST(Crash, FlippedBytesOfTheLastGroupAreFound) {
  TempFolder folder, crashed;
  StoreOptions options = small_options();
  options.zeros_ahead = 0;
  MemoryStore kv;
  Server server(folder.path(), kv, options);
  server.put({"first"});
  const Entries before = kv.entries();
  const std::string segment = "/segments/00000001.log";
  const uint64_t start = std::filesystem::file_size(folder.path() + segment);
  const BlobUuid last = server.put({"last one"})[0];
  const std::string bytes = read_file(folder.path() + segment, 1 << 20);
  for (uint64_t at = start; at < bytes.size(); ++at) {
    copy_folder(folder.path(), crashed.path());
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    write_file(crashed.path() + segment, damaged);
    MemoryStore lost(before);
    Server restarted(crashed.path(), lost, options);
    EXPECT_EQ(restarted.get(last), "(none)") << at;
  }
}

TEST(Crash, LostGroupsOfTheIndexComeBack) {
  TempFolder folder, crashed;
  MemoryStore kv;
  std::vector<Entries> moments{kv.entries()};
  std::map<BlobUuid, std::string> expected;
  auto server = std::make_unique<Server>(folder.path(), kv);
  std::vector<BlobUuid> uuids;
  for (int i = 0; i < 40; ++i) {  // over several segments, with files and removals
    const std::string content = std::to_string(i) + std::string(i % 7 == 3 ? 6000 : 900, 'b');
    std::vector<BlobUuid> removed;
    if (i % 5 == 4) {
      removed.push_back(uuids[static_cast<size_t>(i - 3)]);
      expected.erase(removed[0]);
    }
    uuids.push_back(server->put({content}, removed)[0]);
    expected[uuids.back()] = content;
    moments.push_back(kv.entries());
  }
  for (const Entries& moment : moments) {
    copy_folder(folder.path(), crashed.path());
    MemoryStore lost(moment);
    Server restarted(crashed.path(), lost);
    for (const BlobUuid& uuid : uuids) {
      const auto found = expected.find(uuid);
      EXPECT_EQ(restarted.get(uuid), found == expected.end() ? "(none)" : found->second);
    }
    Entries now = lost.entries(), final = kv.entries();
    for (Entries* entries : {&now, &final}) {
      entries->erase("B!checkpoint");
    }
    EXPECT_EQ(now, final);
    expect_whole(crashed.path(), lost);
  }
}

TEST(Crash, AnIndexOfAnotherArchiveIsRefused) {
  TempFolder folder, other;
  MemoryStore kv, empty;
  {
    Server server(folder.path(), kv);
    for (int i = 0; i < 40; ++i) {
      server.put({std::string(1000, 'a')});
    }
  }
  EXPECT_THROW(Server(other.path(), kv), Error);  // the index speaks of segments that are not there
  std::filesystem::remove(folder.path() + "/segments/00000001.log");
  EXPECT_THROW(Server(folder.path(), empty), Error);  // cannot be replayed from the start any more
}

TEST(Crash, DamageBeforeTheEndIsNotPassedOver) {
  TempFolder folder;
  MemoryStore kv;
  const Entries nothing = kv.entries();
  {
    Server server(folder.path(), kv);
    for (int i = 0; i < 40; ++i) {
      server.put({std::string(1000, 'a')});
    }
  }
  const std::string path = folder.path() + "/segments/00000001.log";
  std::string bytes = read_file(path, 1 << 20);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file(path, bytes);
  EXPECT_FALSE(check_blobs(folder.path(), kv, true).empty());
  MemoryStore lost(nothing);
  EXPECT_THROW(Server(folder.path(), lost), Error);
  Server still_starts(folder.path(), kv);  // with the index whole, nothing there is needed
}

TEST(Crash, IndexAheadOfTheLogDoesNotReadForeignBytes) {
  TempFolder folder;
  StoreOptions options = small_options();
  options.durable = false;
  MemoryStore kv;
  BlobUuid first, lost;
  const std::string path = folder.path() + "/segments/00000001.log";
  uint64_t size = 0;
  {
    Server server(folder.path(), kv, options);
    first = server.put({"first"})[0];
    size = std::filesystem::file_size(path);
    lost = server.put({"lost"})[0];
  }
  std::filesystem::resize_file(path, size);  // the power failed before the kernel wrote the last group
  Server server(folder.path(), kv, options);
  const BlobUuid next = server.put({"next"})[0];
  EXPECT_EQ(server.get(first), "first");
  EXPECT_EQ(server.get(next), "next");
  EXPECT_THROW(server.get(lost), Error);
  EXPECT_EQ(check_blobs(folder.path(), kv, true).size(), 2u);  // the blob, and the log that ends early
}

struct Scenario {
  std::map<BlobUuid, std::string> acknowledged;
  std::set<BlobUuid> removed;
  std::vector<std::string> failed;  // contents
};

// A bit of everything; each step may fail.
void live(Server& server, Scenario& scenario, int steps) {
  const auto attempt = [&](const std::string& content) {
    try {
      scenario.acknowledged[server.put({content})[0]] = content;
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == HILUM_E_FULL_STORAGE || error.code() == HILUM_E_CANNOT_WRITE);
      scenario.failed.push_back(content);
    }
  };
  for (int i = 0; i < steps; ++i) {
    attempt("content " + std::to_string(i) + std::string(i % 6 == 2 ? 5000 : 700, 'c'));
    if (i % 3 == 2 && !scenario.acknowledged.empty()) {
      const BlobUuid victim = scenario.acknowledged.begin()->first;
      try {
        server.put({}, {victim});
        scenario.acknowledged.erase(victim);
        scenario.removed.insert(victim);
      } catch (const Error&) {
        // then it is still there
      }
      server.rest();
    }
  }
}

void expect_scenario(const Scenario& scenario, Server& server, const MemoryStore& kv) {
  for (const auto& [uuid, content] : scenario.acknowledged) {
    EXPECT_EQ(server.get(uuid), content);
  }
  for (const BlobUuid& uuid : scenario.removed) {
    EXPECT_EQ(server.get(uuid), "(none)");
  }
  const Entries entries = kv.entries();
  for (const std::string& content : scenario.failed) {
    EXPECT_EQ(entries.count("X" + content.substr(0, 64)), 0u) << "a failed group counts";
  }
}

void fail_everywhere(const StoreOptions& options) {
  bool failed = true;
  for (int n = 0; failed; ++n) {
    SCOPED_TRACE("call " + std::to_string(n) + " fails");
    TempFolder folder, crashed;
    MemoryStore kv;
    FailingFiles files(n);
    Scenario scenario;
    const Entries empty = kv.entries();
    Entries end;
    try {
      Server server(folder.path(), kv, options, files);
      live(server, scenario, options.files_layout ? 9 : 20);
      expect_scenario(scenario, server, kv);
      copy_folder(folder.path(), crashed.path());  // kill -9
      end = kv.entries();
    } catch (const Error&) {
      copy_folder(folder.path(), crashed.path());  // the start itself failed
      end = kv.entries();
    }
    failed = files.has_failed();
    {
      MemoryStore lost(end);
      Server restarted(crashed.path(), lost, options);
      expect_scenario(scenario, restarted, lost);
      restarted.put({"life goes on"});
      for (const std::string& problem : check_blobs(crashed.path(), lost, true)) {
        // Files that could not be removed are for the sweep.
        EXPECT_NE(problem.find("the next start removes it"), std::string::npos) << problem;
      }
    }
    ASSERT_LT(n, 2000);
  }
}

TEST(Crash, FailureOfEveryCall) { fail_everywhere(small_options()); }

TEST(Crash, FailureOfEveryCallWithFilesLayout) {
  StoreOptions options = small_options();
  options.files_layout = true;
  fail_everywhere(options);
}

TEST(Crash, ReplayIsForTheStartOnly) {
  TempFolder folder;
  MemoryStore kv;
  Server server(folder.path(), kv);
  const BlobUuid uuid = server.put({"content"})[0];
  EXPECT_THROW(server.store().replay(), Error);
  EXPECT_EQ(server.get(uuid), "content");
}

TEST(Crash, ALostFileIsNotTakenForARemovedOne) {
  TempFolder folder;
  MemoryStore kv;
  Server server(folder.path(), kv);
  const BlobUuid lost = server.put({std::string(6000, 'x')})[0];
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path() + "/files")) {
    if (entry.is_regular_file()) {
      std::filesystem::remove(entry.path());
    }
  }
  EXPECT_THROW(server.get(lost), Error);
  server.put({}, {lost});
  EXPECT_EQ(server.get(lost), "(none)");
}

// The disk says that only so much is free.
class SmallDisk final : public FileSystem {
 public:
  uint64_t free = 0;
  int statvfs(const std::string&, struct statvfs* facts) override {
    *facts = {};
    facts->f_frsize = 1024;
    facts->f_blocks = 1 << 20;
    facts->f_bavail = free / 1024;
    return 0;
  }
};

TEST(Crash, TheReserveIsForDeletions) {
  TempFolder folder;
  MemoryStore kv;
  SmallDisk files;
  files.free = 100 << 20;
  Server server(folder.path(), kv, small_options(), files);
  const BlobUuid uuid = server.put({"content"})[0];
  files.free = 60 << 20;
  for (const size_t size : {size_t{10}, size_t{6000}}) {
    try {
      server.put({std::string(size, 'x')});
      FAIL() << "the reserve was used";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), HILUM_E_FULL_STORAGE);
    }
  }
  server.put({}, {uuid});
  EXPECT_EQ(server.get(uuid), "(none)");
  files.free = 100 << 20;
  EXPECT_EQ(server.get(server.put({"more"})[0]), "more");
}

}  // namespace
}  // namespace hilum::storage
