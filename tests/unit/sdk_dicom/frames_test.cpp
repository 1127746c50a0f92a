#include <gtest/gtest.h>
#include <hilum/dicom/frames.h>
#include <zlib.h>

#include <algorithm>

#include "dicom_bytes.h"

namespace hilum::dicom {
namespace {

using namespace test;

constexpr const char* kJpeg = "1.2.840.10008.1.2.4.50";

struct Shape {
  unsigned rows = 2, columns = 3, bits = 8, samples = 1;
  std::string frames = "1";
  std::string photometric = "MONOCHROME2";
};

std::string image(const Shape& shape, bool big = false) {
  const auto us = [&](Tag tag, unsigned value) { return element(tag, "US", number(value, 2, big), -1, big); };
  return us(0x00280002, shape.samples) + element(0x00280004, "CS", shape.photometric, -1, big) +
         element(0x00280008, "IS", shape.frames, -1, big) + us(0x00280010, shape.rows) +
         us(0x00280011, shape.columns) + us(0x00280100, shape.bits) + us(0x00280101, shape.bits);
}

std::string encapsulated(const std::string& table, const std::vector<std::string>& fragments) {
  std::string out = element(kPixelData, "OB", "", kUndefined) + item(table);
  for (const std::string& fragment : fragments) out += item(fragment);
  return out + sequence_end();
}

// A file, and a reader of its frames that counts how often the file is read.
class Frames {
 public:
  explicit Frames(std::string bytes)
      : bytes_(std::move(bytes)),
        read_([this](uint64_t offset, void* to, size_t count) {
          ++reads_;
          return ByteSource(bytes_.data(), bytes_.size()).read(offset, to, count);
        }),
        header_(parse_file(bytes_.data(), bytes_.size())),
        reader_(ByteSource(read_, bytes_.size()), header_) {}

  FrameReader* operator->() { return &reader_; }
  int reads() const { return reads_; }
  // The same bytes as pieces() says that they lie.
  std::string from_pieces(uint64_t n) {
    std::string out;
    for (const Piece& piece : reader_.pieces(n)) out += bytes_.substr(piece.offset, piece.length);
    return out;
  }

 private:
  std::string bytes_;
  int reads_ = 0;
  ReadAt read_;
  ParsedInstance header_;
  FrameReader reader_;
};

int32_t code_of_frame(const std::string& bytes, uint64_t n) {
  return code_of([&] { Frames(bytes)->frame(n); });
}

TEST(FramesTest, NativeFramesFollowEachOther) {
  Shape shape;
  shape.frames = "2";
  Frames frames(file(image(shape) + element(kPixelData, "OB", "abcdefghijkl")));
  EXPECT_TRUE(frames->is_native());
  EXPECT_EQ(frames->count(), 2u);
  EXPECT_EQ(frames->frame(1), "ghijkl");
  EXPECT_EQ(frames->frame(0), "abcdef");
  EXPECT_EQ(frames.from_pieces(1), "ghijkl");
  EXPECT_EQ(code_of([&] { frames->frame(2); }), HILUM_E_OUT_OF_RANGE);
  EXPECT_EQ(code_of([&] { frames->pieces(2); }), HILUM_E_OUT_OF_RANGE);
}

TEST(FramesTest, BigEndianWordsAreSwapped) {
  constexpr const char* kBig = "1.2.840.10008.1.2.2";
  Shape shape;
  shape.rows = 1, shape.columns = 2, shape.bits = 16, shape.frames = "2";
  Frames words(file(image(shape, true) + element(kPixelData, "OW", "badcfehg", -1, true), kBig));
  EXPECT_EQ(words->frame(0), "abcd");
  EXPECT_EQ(words->frame(1), "efgh");
  EXPECT_TRUE(words->pieces(0).empty());
  // Bytes in words, of an odd number: the second frame begins inside of a word.
  shape.columns = 3, shape.bits = 8;
  Frames odd(file(image(shape, true) + element(kPixelData, "OW", "badcfe", -1, true), kBig));
  EXPECT_EQ(odd->frame(0), "abc");
  EXPECT_EQ(odd->frame(1), "def");
  Frames bytes(file(image(shape, true) + element(kPixelData, "OB", "abcdef", -1, true), kBig));
  EXPECT_EQ(bytes->frame(1), "def");
}

TEST(FramesTest, BitsOfAFrameBeginAtAByte) {
  Shape shape;
  shape.rows = 1, shape.columns = 12, shape.bits = 1, shape.frames = "2";
  // 12 bits of the first frame: 0xbca; of the second: 0x123.
  Frames frames(file(image(shape) + element(kPixelData, "OB", "\xca\x3b\x12\x00")));
  EXPECT_EQ(frames->frame(0), "\xca\x0b");
  EXPECT_EQ(frames->frame(1), "\x23\x01");
  EXPECT_TRUE(frames->pieces(1).empty());
}

TEST(FramesTest, ChromaIsSharedWithoutCompressionOnly) {
  Shape shape;
  shape.rows = 1, shape.columns = 2, shape.samples = 3, shape.photometric = "YBR_FULL_422",
  shape.frames = "2";
  Frames frames(file(image(shape) + element(kPixelData, "OB", "YyBRZzCS")));
  EXPECT_EQ(frames->frame(1), "ZzCS");
}

TEST(FramesTest, SizesAreComparedWithTheData) {
  Shape shape;
  shape.rows = shape.columns = 65535, shape.samples = 65535, shape.bits = 64;
  EXPECT_EQ(code_of_frame(file(image(shape) + element(kPixelData, "OB", "abcd")), 0), HILUM_E_BAD_FORMAT);
  shape = {};
  shape.rows = 0;
  EXPECT_EQ(code_of_frame(file(image(shape) + element(kPixelData, "OB", "abcd")), 0), HILUM_E_BAD_FORMAT);
  shape.rows = 2, shape.frames = "2147483647";
  const std::string many = file(image(shape) + element(kPixelData, "OB", "abcdef"));
  EXPECT_EQ(Frames(many)->frame(0), "abcdef");
  EXPECT_EQ(code_of_frame(many, 2147483646), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(code_of_frame(file(image({}) + element(kPixelData, "OB", "abcd")), 0), HILUM_E_BAD_FORMAT);
  shape.frames = "0";
  EXPECT_EQ(code_of_frame(file(image(shape) + element(kPixelData, "OB", "abcdef")), 0), HILUM_E_OUT_OF_RANGE);
  shape.frames = "-1";
  EXPECT_EQ(code_of_frame(file(image(shape) + element(kPixelData, "OB", "abcdef")), 0), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(code_of_frame(file(image({})), 0), HILUM_E_BAD_FORMAT);  // no pixel data
}

std::string deflated(const std::string& bytes) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, static_cast<uLong>(bytes.size())) + 16, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

TEST(FramesTest, DeflatedFramesInAnyOrder) {
  Shape shape;
  shape.rows = 300, shape.columns = 500, shape.frames = "3";
  std::string pixels;
  for (const char c : {'a', 'b', 'c'}) pixels += std::string(150000, c);
  Frames frames(file(deflated(image(shape) + element(kPixelData, "OB", pixels)), "1.2.840.10008.1.2.1.99"));
  for (const unsigned n : {0u, 1u, 2u, 0u, 2u}) {
    EXPECT_TRUE(frames->frame(n) == std::string(150000, static_cast<char>('a' + n)));
    EXPECT_TRUE(frames->pieces(n).empty());
  }
  EXPECT_TRUE(frames->is_native());
}

TEST(FramesTest, OneFrameHasAllFragments) {
  Frames frames(file(image({}) + encapsulated("", {"ab", "cdef", "gh"}), kJpeg));
  EXPECT_FALSE(frames->is_native());
  EXPECT_EQ(frames->frame(0), "abcdefgh");
  EXPECT_EQ(frames.from_pieces(0), "abcdefgh");
  EXPECT_EQ(code_of_frame(file(image({}) + encapsulated("", {}), kJpeg), 0), HILUM_E_BAD_FORMAT);
}

TEST(FramesTest, OneFragmentForEachFrameNeedsNoTable) {
  Shape shape;
  shape.frames = "3";
  Frames frames(file(image(shape) + encapsulated("", {"ab", "cdef", "gh"}), kJpeg));
  EXPECT_EQ(frames->frame(2), "gh");
  EXPECT_EQ(frames->frame(0), "ab");
  EXPECT_EQ(frames->frame(1), "cdef");
  shape.frames = "2";
  EXPECT_EQ(code_of_frame(file(image(shape) + encapsulated("", {"ab", "cd", "ef"}), kJpeg), 0),
            HILUM_E_BAD_FORMAT);
  shape.frames = "4";
  EXPECT_EQ(code_of_frame(file(image(shape) + encapsulated("", {"ab", "cd", "ef"}), kJpeg), 0),
            HILUM_E_BAD_FORMAT);
}

TEST(FramesTest, TheBasicOffsetTableCutsFrames) {
  Shape shape;
  shape.frames = "2";
  const auto with_table = [&](uint64_t first, uint64_t second) {
    return file(image(shape) + encapsulated(number(first, 4) + number(second, 4), {"ab", "cdef", "gh"}),
                kJpeg);
  };
  Frames frames(with_table(0, 22));
  EXPECT_EQ(frames->frame(1), "gh");
  EXPECT_EQ(frames->frame(0), "abcdef");
  EXPECT_EQ(Frames(with_table(0, 10))->frame(1), "cdefgh");
  // Entries that are no boundaries, out of order, beyond the end, or do not begin at 0.
  for (const auto& [first, second] :
       {std::pair<uint64_t, uint64_t>{0, 12}, {10, 0}, {0, 4000000000}, {10, 22}}) {
    EXPECT_EQ(code_of_frame(with_table(first, second), 0), HILUM_E_BAD_FORMAT) << first << " " << second;
  }
}

TEST(FramesTest, ATableThatLiesIsNotBelieved) {
  Shape shape;
  shape.frames = "3";
  const std::string table = number(0, 4) + number(9, 4) + number(11, 4);
  Frames frames(file(image(shape) + encapsulated(table, {"ab", "cdef", "gh"}), kJpeg));
  for (const auto& [n, expected] : {std::pair<unsigned, std::string>{1, "cdef"}, {2, "gh"}, {0, "ab"}}) {
    EXPECT_EQ(frames->frame(n), expected);
  }
}

TEST(FramesTest, TheExtendedOffsetTableWins) {
  Shape shape;
  shape.frames = "2";
  for (const char* vr : {"OV", "OB"}) {
    const std::string entries = number(0, 8) + number(22, 8);
    const std::string table = tag_bytes(0x7fe00001) + vr + std::string(2, '\0') + number(16, 4) + entries;
    Frames frames(file(image(shape) + table + encapsulated("", {"ab", "cdef", "gh"}), kJpeg));
    EXPECT_EQ(frames->frame(1), "gh");
    EXPECT_EQ(frames->frame(0), "abcdef");
  }
}

TEST(FramesTest, VideoIsOneFrame) {
  Shape shape;
  shape.frames = "100";
  Frames frames(file(image(shape) + encapsulated("", {"ab", "cd"}), "1.2.840.10008.1.2.4.102"));
  EXPECT_EQ(frames->count(), 1u);
  EXPECT_EQ(frames->frame(0), "abcd");
  EXPECT_TRUE(is_video("1.2.840.10008.1.2.4.100.1"));
  EXPECT_FALSE(is_video("1.2.840.10008.1.2.4.90"));
  EXPECT_FALSE(is_video("1.2.840.10008.1.2"));
}

TEST(FramesTest, SyntaxesThatNobodyKnowsHaveFramesToo) {
  Frames frames(file(image({}) + encapsulated("", {"abcd"}), "1.2.840.10008.1.2.4.201"));
  EXPECT_EQ(frames->transfer_syntax(), "1.2.840.10008.1.2.4.201");
  EXPECT_EQ(frames->frame(0), "abcd");
}

TEST(FramesTest, EncapsulatedFramesNeedNoImageModule) {
  Frames frames(file(encapsulated("", {"abcd"}), kJpeg));
  EXPECT_EQ(frames->frame(0), "abcd");
  EXPECT_EQ(code_of([&] { frames->format(); }), HILUM_E_BAD_FORMAT);
}

TEST(FramesTest, HeadersOfFragmentsAreReadInWindows) {
  constexpr int kCount = 20000;
  Shape shape;
  shape.frames = std::to_string(kCount);
  std::string fragments;
  for (int i = 0; i < kCount; ++i) fragments += item(number(static_cast<uint64_t>(i), 4));
  const std::string bytes =
      file(image(shape) + element(kPixelData, "OB", "", kUndefined) + item("") + fragments + sequence_end(),
           kJpeg);
  Frames frames(bytes);
  EXPECT_EQ(frames->frame(kCount - 1), number(kCount - 1, 4));
  EXPECT_LT(frames.reads(), 20);
  const int before = frames.reads();
  for (const uint64_t n : {0u, 77u, 19000u}) EXPECT_EQ(frames->frame(n), number(n, 4));
  EXPECT_EQ(frames.reads(), before + 3);  // the map is kept
}

}  // namespace
}  // namespace hilum::dicom
