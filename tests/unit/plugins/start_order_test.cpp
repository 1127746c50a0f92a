#include "core/plugins/start_order.h"

#include <gtest/gtest.h>

namespace hilum::plugins {
namespace {

StartOrder order(const std::vector<Candidate>& candidates) {
  return start_order(candidates, [](std::string_view id) { return id == "core/1"; });
}

std::vector<std::string> names(const std::vector<Candidate>& candidates, const StartOrder& order) {
  std::vector<std::string> result;
  for (const size_t index : order.order) {
    result.push_back(candidates[index].name);
  }
  return result;
}

using Names = std::vector<std::string>;

TEST(StartOrder, ProvidersComeFirst) {
  const std::vector<Candidate> plugins = {
      {"a", {"b/1", "core/1"}, {}, {}}, {"b", {}, {"c/1"}, {"b/1"}}, {"c", {}, {}, {"c/1"}}};
  const StartOrder result = order(plugins);
  EXPECT_EQ(names(plugins, result), (Names{"c", "b", "a"}));
  EXPECT_TRUE(result.refused.empty());
  EXPECT_TRUE(result.warnings.empty());
}

TEST(StartOrder, NamesTheMissingService) {
  const std::vector<Candidate> plugins = {
      {"a", {"absent/1"}, {}, {"a/1"}}, {"b", {"a/1"}, {}, {}}, {"c", {}, {"absent/1"}, {}}};
  const StartOrder result = order(plugins);
  EXPECT_EQ(names(plugins, result), Names{"c"});
  ASSERT_EQ(result.refused.size(), 2u);
  EXPECT_EQ(result.refused[0].reason, "requires absent/1, which no plugin provides");
  EXPECT_EQ(result.refused[1].reason, "requires a/1 of plugin a, which is refused");
}

TEST(StartOrder, ListsTheCycleAndRefusesWhoNeedsIt) {
  const std::vector<Candidate> plugins = {{"needs", {"b/1"}, {}, {}},
                                          {"a", {"b/1"}, {}, {"a/1"}},
                                          {"b", {"c/1"}, {}, {"b/1"}},
                                          {"c", {"a/1"}, {}, {"c/1"}},
                                          {"free", {}, {"a/1"}, {}}};
  const StartOrder result = order(plugins);
  EXPECT_EQ(names(plugins, result), Names{"free"});
  ASSERT_EQ(result.refused.size(), 4u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(result.refused[i].reason, "plugins that require each other: b -> c -> a -> b");
  }
  EXPECT_EQ(result.refused[3].reason, "requires b/1 of plugin b, which is refused");
}

TEST(StartOrder, WishesInACircleOnlyWarn) {
  const std::vector<Candidate> plugins = {{"a", {}, {"b/1"}, {"a/1"}}, {"b", {"a/1"}, {}, {"b/1"}}};
  const StartOrder result = order(plugins);
  EXPECT_EQ(names(plugins, result), (Names{"a", "b"}));
  EXPECT_EQ(result.warnings.size(), 1u);
}

TEST(StartOrder, OwnServiceIsNoCycle) {
  const std::vector<Candidate> plugins = {{"a", {"a/1"}, {}, {"a/1"}}};
  EXPECT_EQ(names(plugins, order(plugins)), Names{"a"});
}

TEST(StartOrder, OneProviderForEachService) {
  const std::vector<Candidate> plugins = {
      {"a", {}, {}, {"x/1"}}, {"b", {}, {}, {"x/1"}}, {"c", {}, {}, {"core/1"}}};
  const StartOrder result = order(plugins);
  EXPECT_EQ(names(plugins, result), Names{"a"});
  ASSERT_EQ(result.refused.size(), 2u);
  EXPECT_EQ(result.refused[0].reason, "provides x/1, which plugin a provides");
  EXPECT_EQ(result.refused[1].reason, "provides core/1, which the server provides itself");
}

}  // namespace
}  // namespace hilum::plugins
