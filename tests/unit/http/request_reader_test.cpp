#include "core/http/request_reader.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

namespace hilum::http {
namespace {

struct Result {
  int status = 0;  // of the error; 0: read
  ReceivedHead head;
  std::string body;
  std::string rest;
};

Result read(std::string_view bytes, size_t piece) {
  Result result;
  BodyLimits limits;
  limits.max_size = 100000;
  RequestReader reader(4096, 20);
  BodyWriter body(limits);
  std::string input;
  bool in_body = false;
  try {
    for (size_t at = 0; at < bytes.size(); at += piece) {
      input += bytes.substr(at, piece);
      if (!in_body) {
        const size_t used = reader.read_head(input, result.head);
        in_body = used > 0;
        input.erase(0, used);
      }
      if (in_body && !reader.body_done()) input.erase(0, reader.read_body(input, body));
    }
    if (!in_body || !reader.body_done()) result.status = -1;
    result.body = body.finish().text();
    result.rest = input;
  } catch (const Error& error) {
    result.status = error.http_status();
  }
  return result;
}

class RequestReaderTest : public testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(Pieces, RequestReaderTest, testing::Values(1, 7, 1 << 20));

TEST_P(RequestReaderTest, ReadsHeadsAndBodies) {
  Result r = read("\r\nPOST /x?y HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX:  a b \r\n\r\nhelloGET /",
                  GetParam());
  EXPECT_EQ(r.status, 0);
  EXPECT_EQ(r.head.method + r.head.target, "POST/x?y");
  EXPECT_EQ(*find_header(r.head.headers, "x"), "a b");
  EXPECT_EQ(r.body, "hello");
  EXPECT_EQ(r.rest, "GET /");
  EXPECT_TRUE(r.head.keep_alive);
}

TEST_P(RequestReaderTest, ReadsChunks) {
  Result r = read(
      "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "Chunked\r\n\r\n5;a=b\r\nhello\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n"
      "0\r\nTrailer: x\r\n\r\nNEXT",
      GetParam());
  EXPECT_EQ(r.status, 0);
  EXPECT_EQ(r.body, "helloabcdefghijklmnopqrstuvwxyz");
  EXPECT_EQ(r.rest, "NEXT");
}

TEST_P(RequestReaderTest, KnowsWhoKeepsTheConnection) {
  EXPECT_FALSE(read("GET / HTTP/1.0\r\n\r\n", GetParam()).head.keep_alive);
  EXPECT_TRUE(read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", GetParam()).head.keep_alive);
  EXPECT_FALSE(read("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n", GetParam()).head.keep_alive);
}

TEST_P(RequestReaderTest, RefusesWhatIsDangerous) {
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::pair<std::string, int> cases[] = {
      {post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
      {post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
      {post + "Content-Length: +5\r\n\r\nhello", 400},
      {post + "Content-Length: -1\r\n\r\nhello", 400},
      {post + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: gzip\r\n\r\n", 501},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501},
      {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n0\r\n!\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n3;" + std::string(10000, 'e'), 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n30D40\r\n" + std::string(200000, 'x'), 413},
      {post + "Expect: something\r\n\r\n", 417},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400},
      {std::string("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 35), 400},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {std::string("\x16\x03\x01\x02", 4), 400},
      {"GET /" + std::string(5000, 'a'), 431},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(5000, 'a') + "\r\n\r\n", 431},
  };
  for (const auto& [bytes, status] : cases) {
    EXPECT_EQ(read(bytes, GetParam()).status, status) << bytes.substr(0, 120);
  }
  std::string many = post;
  for (int i = 0; i < 21; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_EQ(read(many + "\r\n", GetParam()).status, 431);
  EXPECT_EQ(read("GET / HTTP/1.1\nHost: a\n\n", GetParam()).status, -1);  // bare line feeds end no head
}

}  // namespace
}  // namespace hilum::http
