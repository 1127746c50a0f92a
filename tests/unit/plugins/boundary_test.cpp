#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <stdexcept>
#include <thread>

#include "core/plugins/call_gate.h"
#include "core/plugins/thread_error.h"

namespace hilum::plugins {
namespace {

TEST(ThreadErrorTest, ExceptionsBecomeStatuses) {
  EXPECT_EQ(guarded("f", [] {}), HILUM_OK);
  EXPECT_EQ(thread_error().code, HILUM_OK);
  EXPECT_EQ(guarded("f", [] { throw Error(HILUM_E_BAD_REQUEST, 422, "message", "details"); }),
            HILUM_E_BAD_REQUEST);
  EXPECT_EQ(thread_error().http_status, 422);
  EXPECT_EQ(thread_error().message, "message");
  EXPECT_EQ(thread_error().details, "details");
  EXPECT_EQ(guarded("f", [] { throw std::runtime_error("unforeseen"); }), HILUM_E_INTERNAL);
  EXPECT_EQ(thread_error().details, "unforeseen");
  EXPECT_EQ(guarded("f", [] { throw 1; }), HILUM_E_INTERNAL);
  EXPECT_EQ(guarded("f", [] { throw std::bad_alloc(); }), HILUM_E_NO_MEMORY);
  EXPECT_EQ(guarded_read("f", [] { return size_t{7}; }), 7);
  EXPECT_EQ(guarded_read("f", []() -> size_t { throw Error(HILUM_E_CORRUPTED); }), -1);
  EXPECT_EQ(thread_error().code, HILUM_E_CORRUPTED);
  EXPECT_EQ(guarded("f", [] {}), HILUM_OK);
  EXPECT_EQ(thread_error().code, HILUM_OK);
}

TEST(ThreadErrorTest, StatusFindsItsTexts) {
  thread_error().set(HILUM_E_BAD_REQUEST, 0, {}, "why");
  EXPECT_EQ(error_of_status(HILUM_E_BAD_REQUEST).details(), "why");
  EXPECT_EQ(error_of_status(HILUM_E_BAD_REQUEST).http_status(), 400);
  EXPECT_EQ(error_of_status(HILUM_E_UNKNOWN_RESOURCE).details(), "");
  EXPECT_EQ(error_of_status(HILUM_E_UNKNOWN_RESOURCE).http_status(), 404);
}

TEST(ThreadErrorTest, TextsAreMadeFitForJson) {
  thread_error().set(HILUM_E_PLUGIN, 200, "m\xff", "d\xc3");
  EXPECT_EQ(thread_error().http_status, 500);  // a failure is no 200
  EXPECT_EQ(thread_error().message, "m");
  EXPECT_EQ(thread_error().details, "d");
  thread_error().set(HILUM_E_PLUGIN, 0, thread_error().details, thread_error().message);  // its own texts
  EXPECT_EQ(thread_error().message, "d");
  EXPECT_EQ(thread_error().details, "m");
}

TEST(CallGateTest, ClosesAndWaits) {
  CallGate gate;
  ASSERT_TRUE(gate.enter());
  gate.close();
  EXPECT_FALSE(gate.enter());
  EXPECT_FALSE(gate.wait(std::chrono::milliseconds(5)));
  std::thread other([&] { gate.leave(); });
  EXPECT_TRUE(gate.wait(std::chrono::seconds(60)));
  other.join();
}

TEST(CallGateTest, NobodyIsInsideAfterTheWait) {
  for (int round = 0; round < 50; ++round) {
    CallGate gate;
    std::atomic<int> inside{0};
    std::atomic<bool> closed{false};
    std::atomic<bool> late{false};
    std::vector<std::thread> visitors;
    for (int i = 0; i < 3; ++i) {
      visitors.emplace_back([&] {
        while (gate.enter()) {
          inside.fetch_add(1);
          if (closed.load()) {
            late = true;
          }
          inside.fetch_sub(1);
          gate.leave();
        }
      });
    }
    gate.close();
    ASSERT_TRUE(gate.wait(std::chrono::seconds(60)));
    closed = true;
    EXPECT_EQ(inside.load(), 0);
    for (std::thread& visitor : visitors) {
      visitor.join();
    }
    EXPECT_FALSE(late.load());
  }
}

}  // namespace
}  // namespace hilum::plugins
