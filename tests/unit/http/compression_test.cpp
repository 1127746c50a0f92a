#include "core/http/compression.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <zlib.h>

namespace hilum::http {
namespace {

using Coding = AnswerRules::Coding;

BodyLimits limits(uint64_t max) {
  BodyLimits l;
  l.max_size = max;
  l.memory_size = 1000;
  l.spool_directory = testing::TempDir();
  return l;
}

std::string sample() {
  std::string text;
  for (int i = 0; i < 40000; ++i) text += std::to_string(i * i) + ",";
  return text;
}

TEST(Compression, ChoosesWhatTheClientAccepts) {
  EXPECT_EQ(choose_coding("gzip, deflate, br"), Coding::kGzip);
  EXPECT_EQ(choose_coding("deflate"), Coding::kDeflate);
  EXPECT_EQ(choose_coding("gzip;q=0, deflate;q=0.5"), Coding::kDeflate);
  EXPECT_EQ(choose_coding("gzip;q=0.2,deflate;q=0.5"), Coding::kDeflate);
  EXPECT_EQ(choose_coding("br, *"), Coding::kNone);
  EXPECT_EQ(choose_coding(""), Coding::kNone);
  EXPECT_TRUE(is_compressible("application/json; charset=utf-8"));
  EXPECT_FALSE(is_compressible("application/dicom"));
}

TEST(Compression, GzipRoundTripInMemoryAndSpooled) {
  const std::string text = sample();
  const std::string packed = compress(text, Coding::kGzip);
  EXPECT_LT(packed.size(), text.size() / 2);
  const Body once = gunzip(Body(packed), limits(0));
  EXPECT_GE(once.fd(), 0);
  EXPECT_EQ(once.text(), text);
  EXPECT_EQ(gunzip(Body(packed + compress("second member", Coding::kGzip)), limits(0)).text(),
            text + "second member");
}

TEST(Compression, DeflateIsTheZlibFormat) {
  const std::string text = sample();
  const std::string packed = compress(text, Coding::kDeflate);
  std::string out(text.size(), '\0');
  uLongf size = out.size();
  ASSERT_EQ(uncompress(reinterpret_cast<Bytef*>(out.data()), &size,
                       reinterpret_cast<const Bytef*>(packed.data()), packed.size()),
            Z_OK);
  EXPECT_EQ(out, text);
}

int32_t code_of(std::string packed, uint64_t max) {
  try {
    gunzip(Body(std::move(packed)), limits(max));
  } catch (const Error& error) {
    return error.code();
  }
  return HILUM_OK;
}

TEST(Compression, RefusesBrokenCutAndBombs) {
  const std::string packed = compress(sample(), Coding::kGzip);
  EXPECT_EQ(code_of("no gzip at all, just text", 0), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(code_of(packed.substr(0, packed.size() / 2), 0), HILUM_E_BAD_FORMAT);
  std::string damaged = packed;
  damaged[damaged.size() - 5] = static_cast<char>(damaged[damaged.size() - 5] ^ 1);
  EXPECT_EQ(code_of(damaged, 0), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(code_of(compress(std::string(10 << 20, '\0'), Coding::kGzip), 1 << 20), HILUM_E_TOO_LARGE);
}

TEST(Body, HandsItsSpoolFileOver) {
  const BodyLimits l = limits(0);
  BodyWriter writer(l);
  for (int i = 0; i < 300; ++i) writer.append("0123456789");
  Body body = writer.finish();
  EXPECT_EQ(body.size(), 3000u);
  EXPECT_EQ(body.in_memory(), nullptr);
  char piece[4] = {};
  EXPECT_EQ(body.read(2998, piece, 4), 2u);
  EXPECT_EQ(std::string(piece, 2), "89");
  const int fd = body.take_spool_fd();
  ASSERT_GE(fd, 0);
  EXPECT_EQ(body.size(), 0u);
  const Body owner(fd, 3000);
  EXPECT_EQ(owner.text().substr(0, 10), "0123456789");
  EXPECT_EQ(writer.finish().size(), 0u);
}

}  // namespace
}  // namespace hilum::http
