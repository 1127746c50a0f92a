#include <gtest/gtest.h>
#include <hilum/rest/recent.h>

namespace hilum::rest {
namespace {

using Ids = std::vector<std::string>;

TEST(Recent, TheLeastRecentlyUsedGoesFirst) {
  Recent<int> kept(3);
  for (const int number : {1, 2, 3}) kept.put(std::to_string(number), std::make_shared<int>(number));
  ASSERT_NE(kept.find("1"), nullptr);  // used: 2 is the oldest now
  kept.put("4", std::make_shared<int>(4));
  EXPECT_EQ(kept.ids(), (Ids{"1", "3", "4"}));
  EXPECT_EQ(kept.find("2"), nullptr);
  EXPECT_EQ(*kept.find("4"), 4);
}

TEST(Recent, BytesCount) {
  Recent<int> kept(100, 10);
  kept.put("a", std::make_shared<int>(1), 4);
  kept.put("b", std::make_shared<int>(2), 4);
  kept.put("c", std::make_shared<int>(3), 4);
  EXPECT_EQ(kept.ids(), (Ids{"b", "c"}));
  kept.put("d", std::make_shared<int>(4), 50);  // larger than all: alone
  EXPECT_EQ(kept.ids(), (Ids{"d"}));
  kept.put("e", std::make_shared<int>(5), 1);
  EXPECT_EQ(kept.ids(), (Ids{"e"}));
}

TEST(Recent, WhatIsReplacedOrRemovedNoLongerCounts) {
  Recent<int> kept(0, 10);  // room for one
  kept.put("a", std::make_shared<int>(1), 9);
  kept.put("a", std::make_shared<int>(2), 9);
  EXPECT_EQ(*kept.find("a"), 2);
  const std::shared_ptr<int> held = kept.find("a");
  EXPECT_TRUE(kept.remove("a"));
  EXPECT_FALSE(kept.remove("a"));
  EXPECT_EQ(*held, 2);
  kept.put("b", std::make_shared<int>(3), 9);
  EXPECT_EQ(kept.ids(), (Ids{"b"}));
}

}  // namespace
}  // namespace hilum::rest
