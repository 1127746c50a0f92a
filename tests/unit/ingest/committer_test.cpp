// Giving space back goes on while clients never rest, and does not keep them from storing.
#include "core/ingest/committer.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

#include <atomic>
#include <future>

#include "tests/unit/storage/memory_store.h"

namespace hilum::ingest {
namespace {

// A storage that always has something to tidy up, and nothing else.
class UntidyStore final : public storage::BlobStore {
 public:
  int steps() const { return steps_; }

  std::unique_ptr<storage::StagedBlob> stage(std::string, Waiting) override {
    throw Error(HILUM_E_NOT_IMPLEMENTED);
  }
  std::unique_ptr<storage::StagedBlob> stage_file(int, uint64_t) override {
    throw Error(HILUM_E_NOT_IMPLEMENTED);
  }
  const std::string& spool_directory() const override { return folder_; }
  uint64_t replay() override { return 0; }
  void commit(uint64_t, const std::vector<std::unique_ptr<storage::StagedBlob>>&,
              const std::vector<index::BlobUuid>&, index::KvBatch*) override {}
  void abandon(uint64_t) override {}
  void remove_committed(const std::vector<index::BlobUuid>&) override {}
  Upkeep upkeep(uint64_t) override {
    ++steps_;
    return {false, true};
  }
  std::unique_ptr<storage::BlobReader> open(const index::BlobUuid&) const override { return nullptr; }

 private:
  const std::string folder_;
  std::atomic<int> steps_{0};
};

class CommitterTest : public testing::Test {
 protected:
  // Each operation queues the next one before its group ends, so that the queue is never empty: one group for each.
  void submit(int left) {
    auto operation = std::make_shared<Operation>();
    operation->apply = [this, left](index::Transaction&) {
      if (left == kGroups) {
        steps_before = blobs.steps();
      }
      if (left > 0) {
        submit(left - 1);
      } else {
        steps_during = blobs.steps() - steps_before;
        ended.set_value();
      }
      return Applied();
    };
    committer.submit(operation, true, Committer::Next::kOtherWork);
  }

  static constexpr int kGroups = 400;
  storage::testing::MemoryStore store;
  UntidyStore blobs;
  events::EventBus events;
  std::promise<void> ended;
  int steps_before = 0, steps_during = 0;
  Committer committer{store, blobs, events, 0, 100, [](const std::vector<Touched>&) {}};
};

TEST_F(CommitterTest, KeepsHouseBetweenGroupsThatNeverEnd) {
  submit(kGroups);
  ended.get_future().wait();
  committer.stop();
  EXPECT_GE(steps_during, kGroups / 20);  // space is given back
  EXPECT_LE(steps_during, kGroups / 4);   // and clients go first
}

}  // namespace
}  // namespace hilum::ingest
