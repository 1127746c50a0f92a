#include "core/http/multipart.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

namespace hilum::http {
namespace {

struct Part {
  Fields headers;
  std::string body;
  bool ended = false;
};

std::vector<Part> parse(std::string_view body, size_t piece, std::string_view boundary = "XX") {
  std::vector<Part> parts;
  MultipartEvents events;
  events.begin = [&](Fields headers) { parts.push_back({std::move(headers), "", false}); };
  events.data = [&](std::string_view data) { parts.back().body += data; };
  events.end = [&] { parts.back().ended = true; };
  MultipartParser parser(boundary, events);
  for (size_t at = 0; at < body.size(); at += piece) parser.feed(body.substr(at, piece));
  parser.finish();
  return parts;
}

class Multipart : public testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(Pieces, Multipart, testing::Values(1, 7, 1 << 20));

TEST_P(Multipart, ReadsParts) {
  const std::string tricky = "a\r\n--X\r\n--\r\n\r\n--XY\r\n";
  const auto parts = parse(
      "preamble\r\n--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.dcm\"\r\n"
      "Content-Type: application/dicom\r\n\r\n" +
          tricky + "\r\n--XX  \r\n\r\n--looks like one\r\n--XX--\r\nepilogue --XX\r\n",
      GetParam());
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].body, tricky);
  EXPECT_EQ(*find_header(parts[0].headers, "content-type"), "application/dicom");
  EXPECT_EQ(parts[1].body, "--looks like one");
  EXPECT_TRUE(parts[1].headers.empty());
  EXPECT_TRUE(parts[0].ended && parts[1].ended);
}

TEST_P(Multipart, EmptyParts) {
  for (const char* body : {"--XX\r\nA: b\r\n\r\n\r\n--XX--", "--XX\r\nA: b\r\n\r\n--XX--"}) {
    const auto parts = parse(body, GetParam());
    ASSERT_EQ(parts.size(), 1u) << body;
    EXPECT_EQ(parts[0].body, "");
    EXPECT_EQ(parts[0].headers.size(), 1u);
  }
  EXPECT_TRUE(parse("--XX--\r\n", GetParam()).empty());
}

TEST_P(Multipart, RefusesWhatIsNone) {
  for (const std::string& body :
       {std::string(), std::string("nothing"), std::string("--XX\r\nA: b\r\n\r\ncut"),
        std::string("--XXX\r\n\r\nx\r\n--XX--"), std::string("--XX\r\nno colon\r\n\r\nx\r\n--XX--"),
        "--XX\r\nA: " + std::string(20000, 'a') + "\r\n\r\n\r\n--XX--", "--XX" + std::string(1000, ' ')}) {
    EXPECT_THROW(parse(body, GetParam()), Error) << body.substr(0, 60);
  }
}

TEST(MultipartHeaders, Parameters) {
  EXPECT_EQ(header_parameter("form-data; name=\"a;b\\\"c\"; filename=x.dcm ; z", "name"), "a;b\"c");
  EXPECT_EQ(header_parameter("form-data; name=\"a\"; FileName=x.dcm ; z", "filename"), "x.dcm");
  EXPECT_EQ(header_parameter("form-data; z", "z"), "");
  EXPECT_EQ(header_parameter("form-data; filename=\"C:\\dir\\f\"", "filename"), "C:\\dir\\f");
  EXPECT_EQ(header_parameter("form-data", "name"), std::nullopt);
  EXPECT_EQ(form_boundary("Multipart/Form-Data; boundary=\"abc\""), "abc");
  EXPECT_EQ(form_boundary("multipart/related; boundary=abc"), std::nullopt);
  EXPECT_THROW(form_boundary("multipart/form-data"), Error);
  EXPECT_THROW(form_boundary("multipart/form-data; boundary=" + std::string(71, 'x')), Error);
}

}  // namespace
}  // namespace hilum::http
