// The short header of an image says what the whole one says.
#include <gtest/gtest.h>
#include <hilum/dicom/image_header.h>
#include <hilum/dicom/pixels.h>
#include <hilum/dicom/rendering.h>

#include "dicom_bytes.h"

namespace hilum::dicom {
namespace {

std::string us(Tag tag, uint16_t value, bool big) {
  return test::element(tag, "US", test::number(value, 2, big), -1, big);
}

std::string image_elements(bool big) {
  return test::element(0x00080016, "UI", "1.2.3", -1, big) + test::element(0x00100010, "PN", "A^B", -1, big) +
         test::element(0x00280008, "IS", "2", -1, big) + us(0x00280010, 3, big) + us(0x00280011, 5, big) +
         us(0x00280100, 8, big) + test::element(0x00281050, "DS", "40", -1, big) +
         test::element(0x00281051, "DS", "400", -1, big);
}

const std::string kPixels = test::element(0x7fe00010, "OW", std::string(30, 'x'));

void expect_image(const ParsedInstance& header, uint64_t pixel_data_offset) {
  const PixelFormat format = pixel_format(header.data_set());
  EXPECT_EQ(format.rows, 3u);
  EXPECT_EQ(format.columns, 5u);
  EXPECT_EQ(format.frames, 2u);
  EXPECT_EQ(window_of(header.data_set(), 0).width, 400);
  EXPECT_EQ(header.sop_class, "1.2.3");
  EXPECT_TRUE(header.has_pixel_data);
  EXPECT_EQ(header.pixel_data_offset, pixel_data_offset);
  EXPECT_FALSE(header.data_set().tagExists(DcmTagKey(0x0010, 0x0010)));
}

TEST(ImageHeader, HasWhatTellsAnImage) {
  const std::string elements = image_elements(false);
  const std::string bytes = elements + kPixels;
  const ParsedInstance header = parse_image_header(ByteSource(bytes.data(), bytes.size()));
  expect_image(header, elements.size());
  EXPECT_EQ(header.transfer_syntax, "1.2.840.10008.1.2.1");
  EXPECT_EQ(header.size, bytes.size());
}

TEST(ImageHeader, ReadsBigEndian) {
  const std::string elements = image_elements(true);
  const std::string bytes = elements + test::element(0x7fe00010, "OW", std::string(30, 'x'), -1, true);
  const ParsedInstance header = parse_image_header(ByteSource(bytes.data(), bytes.size()));
  expect_image(header, elements.size());
  EXPECT_EQ(header.transfer_syntax, "1.2.840.10008.1.2.2");
}

TEST(ImageHeader, TakesFunctionalGroupsOnDemand) {
  const std::string groups = test::element(0x52009230, "SQ", "");
  const std::string bytes = image_elements(false) + groups + kPixels;
  const ByteSource source(bytes.data(), bytes.size());
  EXPECT_FALSE(parse_image_header(source).data_set().tagExists(DcmTagKey(0x5200, 0x9230)));
  EXPECT_TRUE(parse_image_header(source, {true}).data_set().tagExists(DcmTagKey(0x5200, 0x9230)));
}

TEST(ImageHeader, RefusesWhatIsCutOff) {
  const std::string bytes = image_elements(false) + kPixels;
  EXPECT_THROW(parse_image_header(ByteSource(bytes.data(), bytes.size() - 1)), Error);
  EXPECT_THROW(parse_image_header(ByteSource(bytes.data(), 0)), Error);
}

}  // namespace
}  // namespace hilum::dicom
