#include "core/events/events.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace hilum::events {
namespace {

index::Change event(int64_t sequence) {
  index::Change change;
  change.sequence = sequence;
  return change;
}

// Remembers what it gets.
struct Log {
  std::mutex mutex;
  std::vector<int64_t> sequences;
  EventBus::Listener listener() {
    return [this](const index::Change& change) {
      const std::lock_guard lock(mutex);
      sequences.push_back(change.sequence);
    };
  }
};

TEST(EventBus, DeliversInOrderToEveryListener) {
  Log a, b;
  EventBus bus;
  bus.listen("a", a.listener());
  bus.listen("b", b.listener());
  std::vector<int64_t> expected;
  for (int64_t i = 0; i < 1000; i += 2) {
    bus.publish({event(i), event(i + 1)});
    expected.push_back(i);
    expected.push_back(i + 1);
  }
  bus.stop(60000);
  EXPECT_EQ(a.sequences, expected);
  EXPECT_EQ(b.sequences, expected);
}

TEST(EventBus, ASlowListenerHoldsUpNobody) {
  std::promise<void> release, reached;
  std::shared_future<void> released = release.get_future().share();
  EventBus bus;
  bus.listen("slow", [released](const index::Change&) { released.wait(); });
  bus.listen("quick", [&](const index::Change& change) {
    if (change.sequence == 2) {
      reached.set_value();
    }
  });
  bus.publish({event(1)});
  bus.publish({event(2)});
  EXPECT_EQ(reached.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  release.set_value();
  bus.stop(60000);
}

TEST(EventBus, LosesTheOldestBeyondTheLimit) {
  std::promise<void> release, started;
  std::shared_future<void> released = release.get_future().share();
  std::vector<int64_t> got;
  EventBus bus;
  bus.listen("slow", [&, released](const index::Change& change) {
    if (got.empty()) {
      started.set_value();
      released.wait();
    }
    got.push_back(change.sequence);
  });
  bus.publish({event(0)});
  started.get_future().wait();
  const int64_t published = static_cast<int64_t>(EventBus::kQueueLimit) + 10;
  std::vector<index::Change> many;
  for (int64_t i = 1; i <= published; ++i) {
    many.push_back(event(i));
  }
  bus.publish(many);
  release.set_value();
  bus.stop(30000);
  ASSERT_EQ(got.size(), EventBus::kQueueLimit + 1);
  EXPECT_EQ(got[1], 11);
  EXPECT_EQ(got.back(), published);
}

TEST(EventBus, RemovedListenersAreNotCalledAnyMore) {
  std::atomic<int> calls{0};
  Log other;
  EventBus bus;
  for (int i = 0; i < 2; ++i) {
    bus.listen("gone", [&](const index::Change&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++calls;
    });
  }
  bus.listen("other", other.listener());
  constexpr int kPublished = 20000;  // far more than are delivered before remove(), also on a busy machine
  for (int64_t i = 0; i < kPublished; ++i) {
    bus.publish({event(i)});
  }
  bus.remove("gone");
  const int after = calls;
  bus.publish({event(kPublished)});
  bus.stop(60000);
  EXPECT_EQ(calls, after);
  EXPECT_LT(after, 2 * kPublished);
  EXPECT_EQ(other.sequences.size(), size_t{kPublished} + 1);
}

TEST(EventBus, AListenerMayThrow) {
  int calls = 0;
  EventBus bus;
  bus.listen("thrower", [&](const index::Change& change) {
    ++calls;
    if (change.sequence == 1) {
      throw std::runtime_error("no");
    }
    throw 1;
  });
  bus.publish({event(1), event(2)});
  bus.stop(60000);
  EXPECT_EQ(calls, 2);
}

TEST(EventBus, StopsInTimeWithAListenerThatHangs) {
  auto release = std::make_shared<std::promise<void>>();
  auto done = std::make_shared<std::promise<void>>();
  std::shared_future<void> released = release->get_future().share();
  std::future<void> ended = done->get_future();
  {
    EventBus bus;
    bus.listen("hangs", [released, done](const index::Change&) {
      released.wait();
      done->set_value();
    });
    bus.publish({event(1), event(2)});
    const auto start = std::chrono::steady_clock::now();
    bus.stop(50);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
    bus.publish({event(3)});
    bus.listen("late", [](const index::Change&) { FAIL(); });
  }
  release->set_value();
  EXPECT_EQ(ended.wait_for(std::chrono::seconds(60)), std::future_status::ready);
}

TEST(EventBus, ManyPublishersAndPluginsThatComeAndGo) {
  EventBus bus;
  std::atomic<int> calls{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string owner = "plugin" + std::to_string(t);
        bus.listen(owner, [&](const index::Change&) { ++calls; });
        bus.publish({event(i), event(i)});
        bus.remove(owner);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const int before = calls;
  bus.publish({event(1)});
  bus.stop(1000);
  EXPECT_EQ(calls, before);
}

}  // namespace
}  // namespace hilum::events
