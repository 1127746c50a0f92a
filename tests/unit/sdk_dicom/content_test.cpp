#include <gtest/gtest.h>
#include <hilum/dicom/content.h>
#include <hilum/dicom/transfer_syntax.h>

#include "dicom_bytes.h"

namespace hilum::dicom {
namespace {

using namespace test;
using Names = std::vector<std::string>;

std::optional<Content> content(const std::string& bytes, const std::vector<std::string>& path) {
  return find_content(ByteSource(bytes.data(), bytes.size()), path);
}

// The bytes that a path leads to; "(none)" or "(list)" if it leads elsewhere.
std::string leaf(const std::string& bytes, const std::vector<std::string>& path) {
  const auto found = content(bytes, path);
  if (!found) return "(none)";
  if (found->kind == Content::Kind::List) return "(list)";
  return bytes.substr(found->offset, found->length);
}

std::string sample(bool undefined) {
  const std::string items = item(element(0x00081150, "UI", "1.2"), undefined) +
                            item(element(0x00081155, "UI", "1.3") +
                                     element(0x00081199, "SQ", item(element(0x00100010, "PN", "In"))),
                                 undefined);
  const std::string sequence = undefined ? element(0x00081140, "SQ", items + sequence_end(), kUndefined)
                                         : element(0x00081140, "SQ", items);
  return file(sequence + element(0x00100020, "LO", "ozp00SjY2xG"));
}

TEST(Content, Navigation) {
  for (const bool undefined : {false, true}) {
    const std::string bytes = sample(undefined);
    EXPECT_EQ(content(bytes, {})->names, (Names{"0008-1140", "0010-0020"}));
    EXPECT_EQ(content(bytes, {"0008-1140"})->names, (Names{"0", "1"}));
    EXPECT_EQ(content(bytes, {"0008,1140", "1"})->names, (Names{"0008-1155", "0008-1199"}));
    EXPECT_EQ(leaf(bytes, {"PatientID"}), "ozp00SjY2xG ") << "with padding";
    EXPECT_EQ(leaf(bytes, {"00081140", "0", "0008-1150"}), std::string("1.2\0", 4));
    EXPECT_EQ(leaf(bytes, {"0008-1140", "1", "0008-1199", "0", "PatientName"}), "In");
    for (const Names& path :
         {Names{"0008-1140", "2"}, Names{"0008-1140", "x"}, Names{"0008-1140", "-1"}, Names{"0010-0010"},
          Names{"0010-0020", "0"}, Names{"0002-0010"}, Names{"0008-1140", "0", "0010-0010"}})
      EXPECT_EQ(leaf(bytes, path), "(none)");
    EXPECT_EQ(code_of([&] { content(bytes, {"Nope"}); }), HILUM_E_UNKNOWN_TAG);
  }
}

TEST(Content, ImplicitSequencesByDictionary) {
  const std::string bytes =
      file(implicit(0x00081140, item(implicit(0x00081150, "1.2 "))) + implicit(0x00100020, "ID"),
           std::string(kImplicitLittleEndian));
  EXPECT_EQ(content(bytes, {"0008-1140"})->names, (Names{"0"}));
  EXPECT_EQ(leaf(bytes, {"0008-1140", "0", "0008-1150"}), "1.2 ");
}

std::string image(int frames, const std::string& pixels, uint16_t bits = 8) {
  return file(element(0x00280002, "US", number(1, 2)) + element(0x00280008, "IS", std::to_string(frames)) +
              element(0x00280010, "US", number(2, 2)) + element(0x00280011, "US", number(2, 2)) +
              element(0x00280100, "US", number(bits, 2)) + element(kPixelData, "OW", pixels));
}

TEST(Content, NativeFrames) {
  const std::string bytes = image(3, "aaaabbbbcccc");
  EXPECT_EQ(content(bytes, {"7fe0-0010"})->names, (Names{"0", "1", "2"}));
  EXPECT_EQ(leaf(bytes, {"7fe0-0010", "1"}), "bbbb");
  EXPECT_EQ(leaf(bytes, {"7fe0-0010", "3"}), "(none)");
  EXPECT_EQ(leaf(bytes, {"7fe0-0010", "1", "0"}), "(none)");
  // 4 pixels of 1 bit: two frames in a byte.
  const std::string bit = image(2, "xy", 1);
  EXPECT_EQ(leaf(bit, {"7fe0-0010", "1"}), "x");
  // A number of frames that the data cannot have.
  const std::string lie = image(2000000000, "aaaa");
  EXPECT_EQ(content(lie, {"7fe0-0010"})->names, (Names{"0"}));
}

TEST(Content, Fragments) {
  const std::string bytes =
      file(element(kPixelData, "OB", item("") + item("one!") + item("second") + sequence_end(), kUndefined),
           "1.2.840.10008.1.2.4.50");
  EXPECT_EQ(content(bytes, {"7fe0-0010"})->names, (Names{"0", "1", "2"}));
  EXPECT_EQ(leaf(bytes, {"7fe0-0010", "0"}), "");
  EXPECT_EQ(leaf(bytes, {"7fe0-0010", "2"}), "second");
}

}  // namespace
}  // namespace hilum::dicom
