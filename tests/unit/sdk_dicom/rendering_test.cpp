// The models of preview, window, sizes and blurring with exact numbers.
#include <gtest/gtest.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/rendering.h>
#include <hilum/dicom/transfer_syntax.h>

#include <limits>
#include <vector>

#include "dicom_bytes.h"

namespace hilum::dicom {
namespace {

template <typename T>
WorkingImage image_of(PixelKind kind, uint32_t width, const std::vector<T>& samples) {
  WorkingImage image;
  image.kind = kind;
  image.width = width;
  image.height = static_cast<uint32_t>(samples.size() / width / channels(kind));
  image.bits = 8 * sizeof(T);
  image.pixels.assign(reinterpret_cast<const char*>(samples.data()), samples.size() * sizeof(T));
  return image;
}

std::vector<int> bytes_of(const std::string& pixels) {
  std::vector<int> values;
  for (const char c : pixels) values.push_back(static_cast<unsigned char>(c));
  return values;
}

template <typename T>
std::vector<T> samples_of(const std::string& pixels) {
  std::vector<T> values(pixels.size() / sizeof(T));
  std::copy(pixels.begin(), pixels.end(), reinterpret_cast<char*>(values.data()));
  return values;
}

using Bytes = std::vector<int>;

TEST(Preview, SpreadsTheValuesAndRoundsHalfUp) {
  // 255 / 510: every second value lies in the middle.
  const WorkingImage image = preview(image_of<int16_t>(PixelKind::SignedGray16, 5, {-10, -9, 0, 499, 500}));
  EXPECT_EQ(image.kind, PixelKind::Gray8);
  EXPECT_EQ(bytes_of(image.pixels), (Bytes{0, 1, 5, 255, 255}));
}

TEST(Preview, OfOneValueIsBlack) {
  EXPECT_EQ(bytes_of(preview(image_of<uint16_t>(PixelKind::Gray16, 2, {7, 7, 7, 7})).pixels),
            (Bytes{0, 0, 0, 0}));
}

TEST(Preview, OfAllOfTheRangeOfEachType) {
  EXPECT_EQ(bytes_of(preview(image_of<uint16_t>(PixelKind::Gray16, 3, {0, 32768, 65535})).pixels),
            (Bytes{0, 128, 255}));
  EXPECT_EQ(bytes_of(preview(image_of<int16_t>(PixelKind::SignedGray16, 3, {-32768, 0, 32767})).pixels),
            (Bytes{0, 128, 255}));
  EXPECT_EQ(bytes_of(preview(image_of<uint32_t>(PixelKind::Gray32, 3, {0, 1u << 31, UINT32_MAX})).pixels),
            (Bytes{0, 128, 255}));
  EXPECT_EQ(bytes_of(preview(image_of<uint8_t>(PixelKind::Gray8, 3, {10, 11, 12})).pixels),
            (Bytes{0, 128, 255}));
}

TEST(Preview, KeepsColourAndTakesTheTopOfSixteenBits) {
  EXPECT_EQ(bytes_of(preview(image_of<uint8_t>(PixelKind::Rgb24, 1, {1, 2, 3})).pixels), (Bytes{1, 2, 3}));
  WorkingImage deep = image_of<uint16_t>(PixelKind::Rgb48, 1, {0x1234, 0xff00, 0x00ff});
  EXPECT_EQ(bytes_of(preview(deep).pixels), (Bytes{0x12, 0xff, 0}));
  deep = image_of<uint16_t>(PixelKind::Rgb48, 1, {0x0123, 0x0fff, 0xffff});
  deep.bits = 12;
  EXPECT_EQ(bytes_of(preview(deep).pixels), (Bytes{0x12, 0xff, 0xff}));
}

TEST(Windowed, RoundsDown) {
  // 0..4 over 255 steps: 63.75, 127.5, 191.25.
  const WorkingImage image =
      windowed(image_of<uint8_t>(PixelKind::Gray8, 6, {0, 1, 2, 3, 4, 5}), {1, 0}, {2, 4});
  EXPECT_EQ(bytes_of(image.pixels), (Bytes{0, 63, 127, 191, 255, 255}));
}

TEST(Windowed, AppliesSlopeAndIntercept) {
  // In rescaled units: -1024, 0 (the lower end), 1024 (the middle), 3070 (above the upper end).
  const WorkingImage image =
      windowed(image_of<int16_t>(PixelKind::SignedGray16, 4, {0, 512, 1024, 2047}), {2, -1024}, {1024, 2048});
  EXPECT_EQ(bytes_of(image.pixels), (Bytes{0, 0, 127, 255}));
}

TEST(Windowed, WidthAndSlopeHaveALowerBound) {
  const auto source = image_of<uint8_t>(PixelKind::Gray8, 3, {9, 10, 11});
  EXPECT_EQ(bytes_of(windowed(source, {1, 0}, {10, -5}).pixels), (Bytes{0, 127, 255}));
  // A slope of 0 counts as 0.0001: nothing of the image is left in a window around 0.
  EXPECT_EQ(bytes_of(windowed(source, {0, 0}, {0, 2}).pixels), (Bytes{127, 127, 127}));
}

TEST(Windowed, SurvivesNumbersWithoutBound) {
  const double huge = std::numeric_limits<double>::max();
  for (const Window window : {Window{huge, huge}, Window{-huge, 1}, Window{0, huge}, Window{huge, 1}}) {
    for (const Rescale rescale : {Rescale{huge, -huge}, Rescale{-huge, huge}, Rescale{1e-300, huge}}) {
      EXPECT_EQ(windowed(image_of<uint16_t>(PixelKind::Gray16, 2, {0, 65535}), rescale, window).pixels.size(),
                2u);
    }
  }
}

TEST(Clamped, CutsToTheRange) {
  const auto source = image_of<int16_t>(PixelKind::SignedGray16, 4, {-40, 0, 255, 300});
  EXPECT_EQ(bytes_of(clamped(source, PixelKind::Gray8).pixels), (Bytes{0, 0, 255, 255}));
  EXPECT_EQ(samples_of<uint16_t>(clamped(source, PixelKind::Gray16).pixels),
            (std::vector<uint16_t>{0, 0, 255, 300}));
  EXPECT_EQ(clamped(source, PixelKind::SignedGray16).pixels, source.pixels);
  const auto large = image_of<uint32_t>(PixelKind::Gray32, 2, {40000, UINT32_MAX});
  EXPECT_EQ(samples_of<int16_t>(clamped(large, PixelKind::SignedGray16).pixels),
            (std::vector<int16_t>{32767, 32767}));
  EXPECT_EQ(samples_of<uint16_t>(clamped(large, PixelKind::Gray16).pixels),
            (std::vector<uint16_t>{40000, 65535}));
}

TEST(Clamped, HasNoColourAndNoInversion) {
  EXPECT_THROW(clamped(image_of<uint8_t>(PixelKind::Rgb24, 1, {1, 2, 3}), PixelKind::Gray8), Error);
  WorkingImage source = image_of<uint8_t>(PixelKind::Gray8, 1, {1});
  source.is_inverted = true;
  EXPECT_FALSE(clamped(source, PixelKind::Gray8).is_inverted);
}

TEST(Rescaled, KeepsFractions) {
  const auto source = image_of<int16_t>(PixelKind::SignedGray16, 3, {-1, 0, 3});
  EXPECT_EQ(samples_of<float>(rescaled(source, {1.5, 0.25})), (std::vector<float>{-1.25F, 0.25F, 4.75F}));
}

TEST(Fitted, KeepsTheAspect) {
  const auto pair = [](uint64_t a, uint64_t b) { return std::make_pair(a, b); };
  EXPECT_EQ(fitted({16, 16}, 8, 4), pair(4, 4));
  EXPECT_EQ(fitted({16, 16}, 0, 0), pair(16, 16));
  EXPECT_EQ(fitted({100, 50}, 40, 0), pair(40, 20));
  EXPECT_EQ(fitted({100, 50}, 0, 100), pair(200, 100));
  EXPECT_EQ(fitted({512, 3}, 100, 0), pair(100, 1));
  EXPECT_EQ(fitted({512, 1}, 100, 0), pair(100, 0));
  EXPECT_EQ(fitted({1, 65535}, INT32_MAX, 0).second, uint64_t{1} << 32);
}

TEST(Smooth, IsTheBinomialKernelWithRepeatedBorders) {
  WorkingImage dot = image_of<uint8_t>(PixelKind::Gray8, 5, std::vector<uint8_t>(25, 0));
  dot.pixels[12] = static_cast<char>(255);
  smooth(dot);
  EXPECT_EQ(bytes_of(dot.pixels), (Bytes{0, 3,  5,  3,  0,  //
                                         3, 15, 23, 15, 3,  //
                                         5, 23, 35, 23, 5,  //
                                         3, 15, 23, 15, 3,  //
                                         0, 3,  5,  3,  0}));
  WorkingImage flat = image_of<uint8_t>(PixelKind::Rgb24, 1, {10, 20, 255});
  smooth(flat);
  EXPECT_EQ(bytes_of(flat.pixels), (Bytes{10, 20, 255}));
}

std::vector<Bytes> rows_of(const WorkingImage& image, ImageSize size) {
  RowScaler scaler(image, size);
  std::vector<Bytes> rows;
  for (uint32_t y = 0; y < size.height; ++y) {
    rows.push_back(bytes_of(std::string(scaler.row(y), size.width * bytes_per_pixel(image.kind))));
  }
  return rows;
}

TEST(RowScaler, TakesTheNearestPixel) {
  const auto image = image_of<uint8_t>(PixelKind::Gray8, 4, {0, 1, 2, 3, 10, 11, 12, 13});
  EXPECT_EQ(rows_of(image, {4, 2}), (std::vector<Bytes>{{0, 1, 2, 3}, {10, 11, 12, 13}}));
  EXPECT_EQ(rows_of(image, {2, 1}), (std::vector<Bytes>{{11, 13}}));
  EXPECT_EQ(rows_of(image, {8, 4}), (std::vector<Bytes>{{0, 0, 1, 1, 2, 2, 3, 3},
                                                        {0, 0, 1, 1, 2, 2, 3, 3},
                                                        {10, 10, 11, 11, 12, 12, 13, 13},
                                                        {10, 10, 11, 11, 12, 12, 13, 13}}));
}

TEST(RowScaler, InvertsWhatIsInverted) {
  auto image = image_of<uint8_t>(PixelKind::Gray8, 2, {0, 200});
  image.is_inverted = true;
  EXPECT_EQ(rows_of(image, {2, 1}), (std::vector<Bytes>{{255, 55}}));
  EXPECT_EQ(rows_of(image, {4, 2}), (std::vector<Bytes>{{255, 255, 55, 55}, {255, 255, 55, 55}}));
}

TEST(ParseDecimal, TakesFiniteNumbersOnly) {
  EXPECT_EQ(parse_decimal("+1.5e2 "), 150.0);
  EXPECT_EQ(parse_decimal(" -.5"), -0.5);
  for (const char* text : {"", " ", "nan", "inf", "-infinity", "1e999", "1,5", "12x", "0x10", "++1"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
  }
}

// --- what data sets say about values

class DisplayValues : public ::testing::Test {
 protected:
  DcmItem& data_set(const std::string& elements) {
    const std::string bytes = elements;
    parsed_ = parse_data_set(ByteSource(bytes.data(), bytes.size()), kExplicitLittleEndian);
    return parsed_.data_set();
  }
  ParsedInstance parsed_;
};

std::string item(const std::string& content) {
  return test::tag_bytes(0xfffee000) + test::number(content.size(), 4) + content;
}

TEST_F(DisplayValues, ComeFromTheDataSetInPairs) {
  DcmItem& both =
      data_set(test::element(0x00280101, "US", test::number(12, 2)) +
               test::element(0x00281050, "DS", "40\\50") + test::element(0x00281051, "DS", "400\\1") +
               test::element(0x00281052, "DS", "-1024") + test::element(0x00281053, "DS", "2"));
  EXPECT_EQ(window_of(both, 0).center, 40);
  EXPECT_EQ(window_of(both, 0).width, 400);
  EXPECT_EQ(rescale_of(both, 0).slope, 2);
  EXPECT_EQ(rescale_of(both, 0).intercept, -1024);

  DcmItem& halves = data_set(test::element(0x00280101, "US", test::number(12, 2)) +
                             test::element(0x00281050, "DS", "40") + test::element(0x00281053, "DS", "2"));
  EXPECT_EQ(window_of(halves, 0).center, 2048);
  EXPECT_EQ(window_of(halves, 0).width, 4096);
  EXPECT_EQ(rescale_of(halves, 0).slope, 1);
}

TEST_F(DisplayValues, ComeFromTheFramesGroups) {
  const auto group = [](const char* center, const char* slope) {
    return item(
        test::element(
            0x00289132, "SQ",
            item(test::element(0x00281050, "DS", center) + test::element(0x00281051, "DS", "100"))) +
        test::element(0x00289145, "SQ",
                      item(test::element(0x00281052, "DS", "5") + test::element(0x00281053, "DS", slope))));
  };
  DcmItem& groups = data_set(test::element(0x52009230, "SQ", group("10", "2") + group("20", "3")));
  EXPECT_EQ(window_of(groups, 0).center, 10);
  EXPECT_EQ(window_of(groups, 1).center, 20);
  EXPECT_EQ(rescale_of(groups, 1).slope, 3);
  EXPECT_EQ(rescale_of(groups, 2).slope, 1);
  EXPECT_EQ(window_of(groups, 2).center, 128);
}

TEST_F(DisplayValues, OfDoseAreNotRescaled) {
  DcmItem& dose = data_set(test::element(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.481.2") +
                           test::element(0x00281052, "DS", "1") + test::element(0x00281053, "DS", "2"));
  EXPECT_EQ(rescale_of(dose, 0).slope, 1);
  EXPECT_EQ(rescale_of(dose, 0).intercept, 0);
}

}  // namespace
}  // namespace hilum::dicom
