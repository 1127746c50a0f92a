#include "core/http/target.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

namespace hilum::http {
namespace {

std::string path_of(std::string_view raw) { return parse_target(raw).path; }

int32_t code_of(std::string_view raw) {
  try {
    parse_target(raw);
  } catch (const Error& error) {
    return error.code();
  }
  return HILUM_OK;
}

TEST(Target, DropsEmptyAndDotSegments) {
  EXPECT_EQ(path_of("/"), "/");
  EXPECT_EQ(path_of("//instances//x/"), "/instances/x");
  EXPECT_EQ(path_of("/a/./b/../c"), "/a/c");
  EXPECT_EQ(path_of("/a/.."), "/");
  EXPECT_EQ(path_of("/a?x=/../.."), "/a");
}

TEST(Target, DecodesEachSegmentAfterSplitting) {
  const Target target = parse_target("/a%2Fb/c%20d+e/%zz/%4");
  ASSERT_EQ(target.segments.size(), 4u);
  EXPECT_EQ(target.segments[0], "a/b");
  EXPECT_EQ(target.segments[1], "c d+e");
  EXPECT_EQ(target.segments[2], "%zz");
  EXPECT_EQ(target.segments[3], "%4");
  EXPECT_EQ(target.path, "/a/b/c d+e/%zz/%4");
}

TEST(Target, RefusesTricks) {
  EXPECT_EQ(code_of("/a/%2e%2e/b"), HILUM_E_BAD_URI);
  EXPECT_EQ(code_of("/a/.%2E/b"), HILUM_E_BAD_URI);
  EXPECT_EQ(code_of("/a/x%2f..%2fy"), HILUM_E_BAD_URI);
  EXPECT_EQ(code_of("/a%00b"), HILUM_E_BAD_URI);
  EXPECT_EQ(code_of("/a?x=%00"), HILUM_E_BAD_URI);
  EXPECT_EQ(code_of({"/a\0b", 4}), HILUM_E_BAD_URI);
  EXPECT_EQ(code_of({"/a?x=\0", 6}), HILUM_E_BAD_URI);
  EXPECT_EQ(code_of("a/b"), HILUM_E_BAD_URI);
  EXPECT_EQ(code_of(""), HILUM_E_BAD_URI);
  EXPECT_EQ(code_of("/a/../.."), HILUM_E_UNKNOWN_RESOURCE);
}

TEST(Target, AcceptsTheAbsoluteForm) {
  EXPECT_EQ(path_of("http://host:8042/system?x=1"), "/system");
  EXPECT_EQ(path_of("HTTPS://host"), "/");
  EXPECT_EQ(path_of("http://host?a=/b"), "/");
  EXPECT_EQ(path_of("*"), "*");
}

TEST(Target, DecodesTheQueryOnceAndInOrder) {
  const Fields query = parse_target("/p?b=1&a=x+y%2Bz&flag&empty=&&b=2&=v&%2566=q&e=a=b").query;
  const Fields expected = {{"b", "1"}, {"a", "x y+z"}, {"flag", ""}, {"empty", ""},
                           {"b", "2"}, {"", "v"},      {"%66", "q"}, {"e", "a=b"}};
  EXPECT_EQ(query, expected);
  EXPECT_EQ(*find_field(query, "b"), "1");
  EXPECT_EQ(find_field(query, "B"), nullptr);
}

}  // namespace
}  // namespace hilum::http
