// A full commit queue refuses at once; what is queued is not lost.
#include <future>
#include <thread>

#include "tests/unit/ingest/fixture.h"

namespace hilum::ingest {
namespace {

using testing::Archive;
using testing::instance_file;

// Holds the committing thread in a change until it is let go.
class Obstacle {
 public:
  explicit Obstacle(Ingest& ingest)
      : thread_([this, &ingest] {
          Ingest::Change change;
          change.apply = [this](index::Transaction&) {
            reached_.set_value();
            let_go_.get_future().wait();
            return std::vector<index::BlobUuid>();
          };
          ingest.change(std::move(change));
        }) {
    reached_.get_future().wait();
  }
  ~Obstacle() {
    let_go_.set_value();
    thread_.join();
  }

 private:
  std::promise<void> reached_, let_go_;
  std::thread thread_;
};

TEST(BusyTest, AFullQueueRefusesAndLosesNothing) {
  Options options;
  options.queue_limit = 2;
  Archive archive(options);
  std::vector<std::thread> waiting;
  {
    const Obstacle obstacle(archive.ingest());
    for (int instance = 1; instance <= 2; ++instance) {
      waiting.emplace_back([&archive, instance] { archive.store(instance_file(1, instance)); });
    }
    while (archive.ingest().waiting() < 2) {
      std::this_thread::yield();
    }
    EXPECT_EQ(archive.error_of(instance_file(1, 3)), HILUM_E_BUSY);
    Ingest::Change change;
    change.apply = [](index::Transaction&) { return std::vector<index::BlobUuid>(); };
    EXPECT_THROW(archive.ingest().change(std::move(change)), Error);
  }
  for (std::thread& thread : waiting) {
    thread.join();
  }
  EXPECT_EQ(archive.ingest().waiting(), 0u);
  EXPECT_EQ(archive.error_of(instance_file(1, 3)), 0);
  EXPECT_EQ(archive.ingest().snapshot().totals().instances, 3u);
}

}  // namespace
}  // namespace hilum::ingest
