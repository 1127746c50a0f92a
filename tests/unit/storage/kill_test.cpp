// kill -9 of a process that stores, removes and compacts all the time.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "core/index/leveldb_store.h"
#include "tests/unit/storage/fixture.h"

namespace hilum::storage {
namespace {

using testing::Server;
using testing::TempFolder;

// What the child tells: a blob was stored, is about to be removed, was removed.
struct Report {
  enum Kind : uint8_t { kStored, kRemoving, kRemoved } kind;
  uint32_t number;
  BlobUuid uuid;
};

std::string content_of_number(uint32_t number) {
  return std::to_string(number) + std::string(number % 11 == 0 ? 5000 : 400 + number % 700, 'k');
}

struct Folder {
  explicit Folder(const std::string& path)
      : index(index::LevelDbStore::open(path + "/index")), server(path + "/storage", *index) {}
  std::unique_ptr<index::LevelDbStore> index;
  Server server;
};

[[noreturn]] void live(const std::string& path, std::map<BlobUuid, uint32_t> present, uint32_t number,
                       int pipe) {
  const auto tell = [&](Report::Kind kind, uint32_t about, const BlobUuid& uuid) {
    const Report report{kind, about, uuid};
    if (write(pipe, &report, sizeof report) != static_cast<ssize_t>(sizeof report)) {
      _exit(1);
    }
  };
  try {
    Folder folder(path);
    std::mt19937 random(number);
    for (;; ++number) {
      const BlobUuid uuid = folder.server.put({content_of_number(number)})[0];
      tell(Report::kStored, number, uuid);
      present[uuid] = number;
      while (present.size() > 60) {  // most of every segment dies
        const auto victim = std::next(present.begin(), static_cast<long>(random() % present.size()));
        tell(Report::kRemoving, victim->second, victim->first);
        folder.server.put({}, {victim->first});
        tell(Report::kRemoved, victim->second, victim->first);
        present.erase(victim);
      }
      folder.server.rest();
    }
  } catch (const std::exception& error) {
    fprintf(stderr, "the child failed: %s\n", error.what());
    _exit(1);
  }
}

class Kill : public ::testing::Test {
 protected:
  void one_round(uint32_t number, unsigned microseconds) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      live(folder_.path(), present_, number, ends[1]);
    }
    close(ends[1]);
    // From the first sign of life on; the pipe holds more than a round tells.
    Report report{};
    ASSERT_EQ(read(ends[0], &report, sizeof report), static_cast<ssize_t>(sizeof report));
    usleep(microseconds);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    do {
      note(report);
    } while (read(ends[0], &report, sizeof report) == static_cast<ssize_t>(sizeof report));
    close(ends[0]);
  }

  void note(const Report& report) {
    last_number_ = std::max(last_number_, report.number);
    if (report.kind == Report::kStored) {
      present_[report.uuid] = report.number;
      return;
    }
    present_.erase(report.uuid);
    uncertain_.reset();
    if (report.kind == Report::kRemoving) {
      uncertain_ = {report.uuid, report.number};
    } else {
      removed_.insert(report.uuid);
    }
  }

  void compare() {
    Folder folder(folder_.path());
    folder.server.store().finish_sweep();
    if (uncertain_) {
      const std::string content = folder.server.get(uncertain_->first);
      if (content == "(none)") {
        removed_.insert(uncertain_->first);
      } else {
        present_.insert(*uncertain_);
      }
      uncertain_.reset();
    }
    for (const auto& [uuid, number] : present_) {
      ASSERT_EQ(folder.server.get(uuid), content_of_number(number));
    }
    for (const BlobUuid& uuid : removed_) {
      ASSERT_EQ(folder.server.get(uuid), "(none)");
    }
    ASSERT_EQ(check_blobs(folder_.path() + "/storage", *folder.index, true), std::vector<std::string>{});
  }

  size_t segments() const { return SegmentFolder(folder_.path() + "/storage/segments").numbers().size(); }
  uint32_t last_segment() const {
    return SegmentFolder(folder_.path() + "/storage/segments").numbers().back();
  }

  TempFolder folder_;
  std::map<BlobUuid, uint32_t> present_;
  std::set<BlobUuid> removed_;
  std::optional<std::pair<BlobUuid, uint32_t>> uncertain_;
  uint32_t last_number_ = 0;
};

TEST_F(Kill, InTheMiddleOfCompaction) {
  const unsigned seed = std::random_device()();
  RecordProperty("seed", static_cast<int>(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 25; ++round) {
    SCOPED_TRACE("round " + std::to_string(round) + " of seed " + std::to_string(seed));
    one_round(last_number_ + 1, static_cast<unsigned>(random() % 15000));
    compare();
    if (HasFatalFailure()) {
      return;
    }
  }
  EXPECT_GT(last_segment(), 1u);  // how many depends on the speed of the machine
  EXPECT_LT(segments(), last_segment() / 2 + 5) << "nothing was compacted";
}

}  // namespace
}  // namespace hilum::storage
