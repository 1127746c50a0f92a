// From stored samples to working images: which format, which samples.
#include <gtest/gtest.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/transfer_syntax.h>
#include <hilum/dicom/working_image.h>

#include <optional>
#include <vector>

#include "dicom_bytes.h"

namespace hilum::dicom {
namespace {

PixelFormat format_of(const char* photometric, uint32_t samples, uint32_t allocated, uint32_t stored,
                      uint32_t columns, uint32_t rows = 1) {
  PixelFormat format;
  format.photometric = photometric;
  format.samples_per_pixel = samples;
  format.bits_allocated = allocated;
  format.bits_stored = stored;
  format.high_bit = stored - 1;
  format.columns = columns;
  format.rows = rows;
  return format;
}

template <typename T>
std::string raw(const std::vector<T>& samples) {
  return std::string(reinterpret_cast<const char*>(samples.data()), samples.size() * sizeof(T));
}

template <typename T>
std::vector<T> samples_of(const WorkingImage& image) {
  std::vector<T> values(image.pixels.size() / sizeof(T));
  std::copy(image.pixels.begin(), image.pixels.end(), reinterpret_cast<char*>(values.data()));
  return values;
}

TEST(WorkingKind, FollowsColourAndBits) {
  EXPECT_EQ(working_kind(format_of("MONOCHROME2", 1, 8, 8, 1)), PixelKind::Gray8);
  EXPECT_EQ(working_kind(format_of("MONOCHROME1", 1, 16, 12, 1)), PixelKind::Gray16);
  EXPECT_EQ(working_kind(format_of("MONOCHROME1", 1, 16, 8, 1)), PixelKind::Gray8);
  EXPECT_EQ(working_kind(format_of("MONOCHROME2", 1, 32, 32, 1)), PixelKind::Gray32);
  EXPECT_EQ(working_kind(format_of("MONOCHROME2", 1, 1, 1, 1)), PixelKind::Gray8);
  EXPECT_EQ(working_kind(format_of("PALETTE COLOR", 1, 8, 8, 1)), PixelKind::Rgb24);
  EXPECT_EQ(working_kind(format_of("PALETTE COLOR", 1, 16, 16, 1)), PixelKind::Rgb48);
  EXPECT_EQ(working_kind(format_of("RGB", 3, 8, 8, 1)), PixelKind::Rgb24);
  EXPECT_EQ(working_kind(format_of("RGB", 3, 16, 16, 1)), PixelKind::Rgb48);
  EXPECT_EQ(working_kind(format_of("YBR_FULL", 3, 8, 8, 1)), PixelKind::Rgb24);
  EXPECT_EQ(working_kind(format_of("YBR_FULL_422", 3, 8, 8, 2)), PixelKind::Rgb24);

  PixelFormat format = format_of("MONOCHROME2", 1, 16, 16, 1);
  format.is_signed = true;
  EXPECT_EQ(working_kind(format), PixelKind::SignedGray16);
  format.bits_allocated = format.bits_stored = 8;
  EXPECT_EQ(working_kind(format), PixelKind::SignedGray16);
}

TEST(WorkingKind, RefusesOtherLayouts) {
  PixelFormat negative = format_of("MONOCHROME2", 1, 32, 32, 1);
  negative.is_signed = true;
  const PixelFormat refused[] = {
      negative,
      format_of("", 1, 8, 8, 1),
      format_of("RGB", 1, 8, 8, 1),
      format_of("RGB", 4, 8, 8, 1),
      format_of("MONOCHROME2", 3, 8, 8, 1),
      format_of("MONOCHROME2", 1, 64, 64, 1),
      format_of("MONOCHROME2", 1, 24, 24, 1),
      format_of("RGB", 3, 32, 32, 1),
      format_of("YBR_FULL_422", 3, 8, 8, 3),
      format_of("YBR_PARTIAL_420", 3, 8, 8, 2),
      format_of("CMYK", 4, 8, 8, 2),
  };
  for (const PixelFormat& format : refused) {
    try {
      working_kind(format);
      ADD_FAILURE() << format.photometric << format.bits_allocated;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), HILUM_E_NOT_IMPLEMENTED);
    }
  }
}

TEST(WorkingImage, TakesSamplesOfItsTypeAsTheyAre) {
  PixelFormat format = format_of("MONOCHROME2", 1, 16, 12, 3);
  EXPECT_EQ(samples_of<uint16_t>(working_image({format, raw<uint16_t>({0x0fff, 0xf123, 0})}, nullptr)),
            (std::vector<uint16_t>{0x0fff, 0xf123, 0}));  // not masked
  format.is_signed = true;
  EXPECT_EQ(samples_of<int16_t>(working_image({format, raw<uint16_t>({0x0800, 0xffff, 0})}, nullptr)),
            (std::vector<int16_t>{0x0800, -1, 0}));  // not sign-extended
  format.high_bit = 15;
  EXPECT_EQ(samples_of<int16_t>(working_image({format, raw<uint16_t>({0x8000, 0x7ff0, 0})}, nullptr)),
            (std::vector<int16_t>{-2048, 0x7ff, 0}));
  format.is_signed = false;
  EXPECT_EQ(samples_of<uint16_t>(working_image({format, raw<uint16_t>({0x8000, 0x7ff0, 0})}, nullptr)),
            (std::vector<uint16_t>{0x800, 0x7ff, 0}));
}

TEST(WorkingImage, MasksAndExtendsOddSamples) {
  PixelFormat format = format_of("MONOCHROME2", 1, 8, 6, 3);
  EXPECT_EQ(samples_of<uint8_t>(working_image({format, "\xff\x40\x3f"}, nullptr)),
            (std::vector<uint8_t>{0x3f, 0, 0x3f}));
  format.is_signed = true;
  EXPECT_EQ(samples_of<int16_t>(working_image({format, "\xff\x40\x1f"}, nullptr)),
            (std::vector<int16_t>{-1, 0, 31}));
  format = format_of("MONOCHROME2", 1, 16, 8, 2);
  EXPECT_EQ(samples_of<uint8_t>(working_image({format, raw<uint16_t>({0x1234, 0x00ff})}, nullptr)),
            (std::vector<uint8_t>{0x34, 0xff}));
}

TEST(WorkingImage, InterleavesPlanes) {
  PixelFormat format = format_of("RGB", 3, 8, 8, 2);
  format.is_planar = true;
  EXPECT_EQ(working_image({format, "rRgGbB"}, nullptr).pixels, "rgbRGB");
  format = format_of("RGB", 3, 16, 16, 2);
  format.is_planar = true;
  EXPECT_EQ(samples_of<uint16_t>(working_image({format, raw<uint16_t>({1, 2, 3, 4, 5, 6})}, nullptr)),
            (std::vector<uint16_t>{1, 3, 5, 2, 4, 6}));
}

TEST(WorkingImage, SpreadsBitsFromTheLowestOn) {
  const WorkingImage image = working_image({format_of("MONOCHROME2", 1, 1, 1, 5, 2), "\x15\x02"}, nullptr);
  EXPECT_EQ(samples_of<uint8_t>(image), (std::vector<uint8_t>{255, 0, 255, 0, 255, 0, 0, 0, 0, 255}));
}

TEST(WorkingImage, ConvertsUncompressedYbr) {
  // Black, white, and the red, green and blue of JFIF.
  const std::string ybr("\x00\x80\x80\xff\x80\x80\x4c\x55\xff\x96\x2c\x15\x1d\xff\x6b", 15);
  EXPECT_EQ(samples_of<uint8_t>(working_image({format_of("YBR_FULL", 3, 8, 8, 5), ybr}, nullptr)),
            (std::vector<uint8_t>{0, 0, 0, 255, 255, 255, 254, 0, 0, 0, 255, 1, 0, 0, 254}));
  // Y Y Cb Cr: two pixels share their colour.
  const PixelFormat shared = format_of("YBR_FULL_422", 3, 8, 8, 2);
  EXPECT_EQ(shared.frame_size(), 4u);
  EXPECT_EQ(samples_of<uint8_t>(working_image({shared, std::string("\x00\xff\x80\x80", 4)}, nullptr)),
            (std::vector<uint8_t>{0, 0, 0, 255, 255, 255}));
}

TEST(WorkingImage, RefusesShortFrames) {
  EXPECT_THROW(working_image({format_of("MONOCHROME2", 1, 8, 8, 4), "abc"}, nullptr), Error);
  EXPECT_THROW(working_image({format_of("MONOCHROME2", 1, 8, 8, 65535, 65535), "abc"}, nullptr), Error);
}

TEST(PixelFormat, SizesDoNotOverflow) {
  PixelFormat format = format_of("RGB", 65535, 64, 64, 65535, 65535);
  EXPECT_EQ(format.frame_size(), uint64_t{65535} * 65535 * 65535 * 8);
  format.columns = format.rows = format.samples_per_pixel = UINT32_MAX;
  EXPECT_EQ(format.frame_size(), UINT64_MAX);
  EXPECT_EQ(format_of("MONOCHROME2", 1, 1, 1, 3, 3).frame_size(), 2u);
}

// --- data sets

class DataSetTest : public ::testing::Test {
 protected:
  DcmItem& data_set(const std::string& elements) {
    parsed_ = parse_data_set(ByteSource(elements.data(), elements.size()), kExplicitLittleEndian);
    return parsed_.data_set();
  }
  ParsedInstance parsed_;
};

std::string us(Tag tag, std::initializer_list<uint16_t> values) {
  std::string bytes;
  for (const uint16_t value : values) bytes += test::number(value, 2);
  return test::element(tag, "US", bytes);
}

TEST_F(DataSetTest, PixelFormatHasDefaults) {
  const PixelFormat format =
      pixel_format(data_set(us(0x00280010, {3}) + us(0x00280011, {5}) + us(0x00280100, {16})));
  EXPECT_EQ(format.rows, 3u);
  EXPECT_EQ(format.columns, 5u);
  EXPECT_EQ(format.samples_per_pixel, 1u);
  EXPECT_EQ(format.bits_stored, 16u);
  EXPECT_EQ(format.high_bit, 15u);
  EXPECT_EQ(format.frames, 1u);
  EXPECT_FALSE(format.is_signed);
}

TEST_F(DataSetTest, PixelFormatRefusesContradictions) {
  const std::string size = us(0x00280010, {3}) + us(0x00280011, {5});
  const std::string bad[] = {
      us(0x00280010, {3}) + us(0x00280100, {16}),
      size,
      size + us(0x00280100, {12}),
      size + us(0x00280100, {8}) + us(0x00280101, {9}),
      size + us(0x00280100, {8}) + us(0x00280101, {0}),
      size + us(0x00280100, {16}) + us(0x00280101, {12}) + us(0x00280102, {10}),
      size + us(0x00280100, {16}) + us(0x00280101, {12}) + us(0x00280102, {16}),
      us(0x00280002, {0}) + size + us(0x00280100, {8}),
      test::element(0x00280008, "IS", "-1") + size + us(0x00280100, {8}),
      test::element(0x00280008, "IS", "two") + size + us(0x00280100, {8}),
  };
  for (const std::string& elements : bad) {
    try {
      (void)pixel_format(data_set(elements));
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), HILUM_E_BAD_FORMAT);
    }
  }
}

TEST_F(DataSetTest, FrameCount) {
  EXPECT_EQ(frame_count(data_set(us(0x00280010, {3}))), 1u);
  EXPECT_EQ(frame_count(data_set(test::element(0x00280008, "IS", ""))), 1u);
  EXPECT_EQ(frame_count(data_set(test::element(0x00280008, "IS", "0"))), 0u);
  EXPECT_EQ(frame_count(data_set(test::element(0x00280008, "IS", " 12 "))), 12u);
}

std::string palette_of(std::initializer_list<uint16_t> descriptor, const std::string& red,
                       const std::string& others, Tag data = 0x00281201) {
  return us(0x00281101, descriptor) + us(0x00281102, descriptor) + us(0x00281103, descriptor) +
         test::element(data, "OW", red) + test::element(data + 1, "OW", others) +
         test::element(data + 2, "OW", others);
}

TEST_F(DataSetTest, PaletteOfSixteenBits) {
  const Palette palette = Palette::read(
      data_set(palette_of({3, 10, 16}, raw<uint16_t>({0x100, 0x200, 0x300}), raw<uint16_t>({0, 0, 0xffff}))));
  EXPECT_EQ(palette.colour(0)[0], 0x100);
  EXPECT_EQ(palette.colour(10)[0], 0x100);
  EXPECT_EQ(palette.colour(11)[0], 0x200);
  EXPECT_EQ(palette.colour(12)[2], 0xffff);
  EXPECT_EQ(palette.colour(65535)[0], 0x300);
  const WorkingImage image = working_image({format_of("PALETTE COLOR", 1, 8, 8, 2), "\x0a\x0b"}, &palette);
  EXPECT_EQ(samples_of<uint8_t>(image), (std::vector<uint8_t>{1, 0, 0, 2, 0, 0}));
}

TEST_F(DataSetTest, PaletteOfEightBitsPackedOrNot) {
  Palette palette = Palette::read(data_set(
      palette_of({3, 0, 8}, std::string("\x01\x02\xff\x00", 4), std::string("\x00\x00\x00\x00", 4))));
  EXPECT_EQ(palette.colour(1)[0], 0x0202);
  EXPECT_EQ(palette.colour(2)[0], 0xffff);
  palette = Palette::read(data_set(palette_of({2, 0, 8}, raw<uint16_t>({1, 255}), raw<uint16_t>({0, 0}))));
  EXPECT_EQ(palette.colour(1)[0], 0xffff);
}

TEST_F(DataSetTest, SegmentedPalette) {
  // Two entries, a line of four to 1000, and the first segment once more.
  const std::string segments = raw<uint16_t>({0, 2, 7, 200, 1, 4, 1000, 2, 1, 0, 0});
  const Palette palette = Palette::read(data_set(palette_of({8, 0, 16}, segments, segments, 0x00281221)));
  const uint16_t expected[] = {7, 200, 400, 600, 800, 1000, 7, 200};
  for (uint32_t i = 0; i < 8; ++i) EXPECT_EQ(palette.colour(i)[0], expected[i]) << i;
}

TEST_F(DataSetTest, BadPalettesAreRefused) {
  const std::string two = raw<uint16_t>({1, 2});
  const std::string bad[] = {
      us(0x00280010, {1}),
      palette_of({2, 0, 12}, two, two),
      palette_of({3, 0, 16}, two, two),
      us(0x00281101, {2, 0}) + test::element(0x00281201, "OW", two),
      palette_of({8, 0, 16}, raw<uint16_t>({2, 1, 0, 0}), two, 0x00281221),  // refers to itself
      palette_of({8, 0, 16}, raw<uint16_t>({0, 2, 1, 1, 2, 9, 0, 0}), two,
                 0x00281221),                                             // refers to a reference
      palette_of({8, 0, 16}, raw<uint16_t>({1, 3, 9}), two, 0x00281221),  // a line from nowhere
      palette_of({8, 0, 16}, raw<uint16_t>({0, 9, 9}), two, 0x00281221),
      palette_of({8, 0, 16}, raw<uint16_t>({0, 0, 2, 65535, 0, 0}), two, 0x00281221),  // nothing, many times
      palette_of({8, 0, 16}, raw<uint16_t>({9, 1, 9}), two, 0x00281221),
  };
  for (const std::string& elements : bad) {
    try {
      (void)Palette::read(data_set(elements));
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), HILUM_E_BAD_FORMAT);
    }
  }
}

}  // namespace
}  // namespace hilum::dicom
