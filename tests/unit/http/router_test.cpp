#include "core/http/router.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

#include <atomic>
#include <thread>

namespace hilum::http {
namespace {

Route route(Method method, const std::string& pattern, const std::string& owner = "test") {
  Route r;
  r.method = method;
  r.pattern = pattern;
  r.owner = owner;
  r.handler = [](Request&, Answer&) {};
  return r;
}

int32_t code_of_adding(Router& router, Route r) {
  try {
    router.add(std::move(r));
  } catch (const Error& error) {
    return error.code();
  }
  return HILUM_OK;
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    for (const char* pattern : {"/", "/a", "/a/{x}", "/a/b", "/a/{x}/c", "/a/{x}/{y*}", "/files/{path*}"}) {
      router.add(route(Method::kGet, pattern));
    }
    router.add(route(Method::kDelete, "/a/b"));
    router.add(route(Method::kPost, "/a/b"));
  }
  std::string pattern_of(Method method, const std::vector<std::string>& segments) {
    const auto match = router.match(method, segments);
    return match.kind == Router::Match::Kind::kFound ? match.route->pattern : "";
  }
  Router router;
};

TEST_F(RouterTest, LiteralsWinOverParametersOverWildcards) {
  EXPECT_EQ(pattern_of(Method::kGet, {}), "/");
  EXPECT_EQ(pattern_of(Method::kGet, {"a", "b"}), "/a/b");
  EXPECT_EQ(pattern_of(Method::kGet, {"a", "q"}), "/a/{x}");
  EXPECT_EQ(pattern_of(Method::kGet, {"a", "b", "c"}), "/a/{x}/c");
  EXPECT_EQ(pattern_of(Method::kGet, {"a", "b", "d"}), "/a/{x}/{y*}");
  EXPECT_EQ(pattern_of(Method::kGet, {"files"}), "");
  EXPECT_EQ(pattern_of(Method::kGet, {"A"}), "");
}

TEST_F(RouterTest, GivesParametersByName) {
  const auto match = router.match(Method::kGet, {"a", "v/1", "d", "e"});
  ASSERT_EQ(match.kind, Router::Match::Kind::kFound);
  EXPECT_EQ(match.parameters, (Fields{{"x", "v/1"}, {"y", "d/e"}}));
}

TEST_F(RouterTest, NamesBelongToTheRouteNotToTheTable) {
  router.add(route(Method::kPut, "/a/{other}"));
  const auto match = router.match(Method::kPut, {"a", "v"});
  EXPECT_EQ(match.parameters, (Fields{{"other", "v"}}));
}

TEST_F(RouterTest, WrongMethodSaysWhatIsAllowed) {
  const auto match = router.match(Method::kPut, {"a", "b"});
  EXPECT_EQ(match.kind, Router::Match::Kind::kWrongMethod);
  EXPECT_EQ(match.allow, "GET,POST,DELETE");
  EXPECT_EQ(router.match(Method::kPut, {"files", "x"}).kind, Router::Match::Kind::kUnknown);
  EXPECT_EQ(router.match(Method::kOptions, {"files", "x"}).allow, "GET");
  EXPECT_EQ(router.match(Method::kHead, {"a"}).kind, Router::Match::Kind::kFound);
}

TEST_F(RouterTest, RefusesConflictsAndBadPatterns) {
  EXPECT_EQ(code_of_adding(router, route(Method::kGet, "/a/{other}")), HILUM_E_DUPLICATE);
  EXPECT_EQ(code_of_adding(router, route(Method::kGet, "/files/{rest*}")), HILUM_E_DUPLICATE);
  for (const char* bad : {"", "a", "/a//b", "/{x}/{x}", "/{x*}/b", "/x{y}", "/{}", "/{*}", "/a*", "/{a{b}"}) {
    EXPECT_EQ(code_of_adding(router, route(Method::kGet, bad)), HILUM_E_BAD_URI) << bad;
  }
  EXPECT_EQ(code_of_adding(router, route(Method::kHead, "/h")), HILUM_E_OUT_OF_RANGE);
}

TEST_F(RouterTest, RemovesAnOwnersRoutesOnceTheyRest) {
  router.add(route(Method::kGet, "/mine", "other"));
  auto running = router.match(Method::kGet, {"mine"});
  EXPECT_FALSE(router.remove_owner("other", std::chrono::milliseconds(20)));
  EXPECT_EQ(router.match(Method::kGet, {"mine"}).kind, Router::Match::Kind::kUnknown);
  running.route.reset();
  EXPECT_TRUE(router.remove_owner("other", std::chrono::milliseconds(20)));
  EXPECT_EQ(router.routes().size(), 9u);
}

TEST_F(RouterTest, ReadersSeeWholeTablesWhileRoutesComeAndGo) {
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) ASSERT_EQ(pattern_of(Method::kGet, {"a", "b"}), "/a/b");
  });
  for (int i = 0; i < 50; ++i) {
    router.add(route(Method::kGet, "/n" + std::to_string(i), "n"));
    if (i % 10 == 9) {
      EXPECT_TRUE(router.remove_owner("n"));
    }
  }
  stop = true;
  reader.join();
}

}  // namespace
}  // namespace hilum::http
