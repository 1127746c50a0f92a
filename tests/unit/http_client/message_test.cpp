// What stands in requests and what may be seen of them. The client itself: tests/integration/peers_hostile_test.py.
#include <gtest/gtest.h>
#include <hilum/http_client/message.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

namespace hilum::http_client {
namespace {

TEST(Message, UrlsAreShownWithoutSecrets) {
  EXPECT_EQ(without_secrets("http://host/a/b"), "http://host/a/b");
  EXPECT_EQ(without_secrets("http://user:pass@host:80/a"), "http://host:80/a");
  EXPECT_EQ(without_secrets("https://user:p@ss@host/"), "https://host/");
  EXPECT_EQ(without_secrets("user:pass@host/a"), "host/a");
  EXPECT_EQ(without_secrets("http://host/a@b"), "http://host/a@b");
  EXPECT_EQ(without_secrets("http://host/a?token=secret#more"), "http://host/a");
  EXPECT_EQ(without_secrets("http://user:pass@host?secret"), "http://host");
  EXPECT_EQ(without_secrets(""), "");
}

TEST(Message, NamesOfHeadersAreTokens) {
  for (const char* good : {"A", "X-Token", "x_1.~", "!#$%&'*+-.^_`|~"})
    EXPECT_TRUE(is_header_name(good)) << good;
  for (const char* bad : {"", "a b", "a:", "a\r", "\xc3\xa4", "a\t"})
    EXPECT_FALSE(is_header_name(bad)) << bad;
  EXPECT_FALSE(is_header_name(std::string_view("a\0b", 3)));
}

TEST(Message, ValuesOfHeadersAreOneLine) {
  for (const char* good : {"", "a b", "a\tb", "\xc3\xa4", "a: b; c"})
    EXPECT_TRUE(is_header_value(good)) << good;
  for (const char* bad : {"a\r\nb: c", "a\n", "\r", "\x7f", "\x01"})
    EXPECT_FALSE(is_header_value(bad)) << bad;
  EXPECT_FALSE(is_header_value(std::string_view("a\0b", 3)));
}

TEST(Message, BodiesAreReadFromAnywhere) {
  std::array<char, 8> to{};
  const Body memory = Body::of_memory("0123456789");
  EXPECT_EQ(memory.size, 10u);
  EXPECT_EQ(memory.read(0, to.data(), 4), 4u);
  EXPECT_EQ(std::string(to.data(), 4), "0123");
  EXPECT_EQ(memory.read(8, to.data(), 4), 2u);
  EXPECT_EQ(memory.read(10, to.data(), 4), 0u);
  EXPECT_EQ(memory.read(UINT64_MAX, to.data(), 4), 0u);

  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  std::fputs("abcdef", file);
  std::fflush(file);
  const Body body = Body::of_file(fileno(file), 6);
  EXPECT_EQ(body.read(2, to.data(), 8), 4u);
  EXPECT_EQ(std::string(to.data(), 4), "cdef");
  EXPECT_EQ(body.read(6, to.data(), 8), 0u);
  std::fclose(file);
}

TEST(Message, HeadersOfAnswersAreFound) {
  Response response;
  response.headers = {{"content-type", "a"}, {"content-type", "b"}};
  EXPECT_EQ(response.header("content-type"), "a");
  EXPECT_FALSE(response.header("etag"));
  response.status = 299;
  EXPECT_TRUE(response.is_success());
  response.status = 302;
  EXPECT_FALSE(response.is_success());
}

}  // namespace
}  // namespace hilum::http_client
