#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/meta_header.h>
#include <hilum/dicom/transcode.h>
#include <hilum/dicom/transfer_syntax.h>

#include <string>

#include "dicom_bytes.h"

namespace hilum::dicom {
namespace {

constexpr std::string_view kLossless = "1.2.840.10008.1.2.4.70";
constexpr std::string_view kLossy = "1.2.840.10008.1.2.4.50";

// "Compresses" by keeping every other byte, as the tests need streams only.
class HalvingCodecs : public FrameCodecs {
 public:
  bool can_decode(std::string_view) const override { return false; }
  bool can_encode(std::string_view uid) const override { return uid == kLossless || uid == kLossy; }
  DecodedFrame decode(std::string_view, const PixelFormat&, std::string_view) const override {
    throw Error(HILUM_E_NOT_IMPLEMENTED);
  }
  EncodedFrame encode(std::string_view, const DecodedFrame& frame, int) const override {
    EncodedFrame encoded{frame.format, {}};
    for (size_t i = 0; i < frame.pixels.size(); i += 2) encoded.bytes += frame.pixels[i];
    return encoded;
  }
};

std::string element(uint16_t group, uint16_t number, const char* vr, const std::string& value) {
  return test::element(make_tag(group, number), vr, value);
}

std::string us(uint16_t n) { return test::number(n, 2); }

// `frames` of 4 x 2 pixels in 8 bits.
std::string file(const std::string& frames, const std::string& pixels) {
  MetaHeader meta;
  meta.sop_class_uid = "1.2.3";
  meta.sop_instance_uid = "1.2.3.4";
  meta.transfer_syntax = kExplicitLittleEndian;
  return meta_header(meta) + element(8, 0x16, "UI", "1.2.3") + element(8, 0x18, "UI", "1.2.3.4") +
         element(0x28, 2, "US", us(1)) + element(0x28, 4, "CS", "MONOCHROME2") +
         element(0x28, 8, "IS", frames) + element(0x28, 0x10, "US", us(2)) +
         element(0x28, 0x11, "US", us(4)) + element(0x28, 0x100, "US", us(8)) +
         element(0x28, 0x101, "US", us(8)) + element(0x28, 0x102, "US", us(7)) +
         element(0x28, 0x103, "US", us(0)) + element(0x7fe0, 0x10, "OW", pixels) +
         element(0x7fe1, 0x10, "LO", "CREATOR");
}

std::string transcoded(const std::string& bytes, std::string_view to, Transcoded* result = nullptr) {
  const HalvingCodecs codecs;
  StringOutput out;
  const Transcoded done =
      Transcoder(codecs).transcode(ByteSource(bytes.data(), bytes.size()), to, TranscodeOptions{}, out);
  if (result != nullptr) *result = done;
  return out.take();
}

int32_t refusal(const std::string& bytes, std::string_view to, int quality = 90) {
  const HalvingCodecs codecs;
  StringOutput out;
  TranscodeOptions options;
  options.lossy_quality = quality;
  try {
    Transcoder(codecs).transcode(ByteSource(bytes.data(), bytes.size()), to, options, out);
  } catch (const Error& error) {
    return error.code();
  }
  return HILUM_OK;
}

TEST(Transcode, KnowsTransferSyntaxes) {
  EXPECT_TRUE(is_registered_transfer_syntax("1.2.840.10008.1.2"));
  EXPECT_TRUE(is_registered_transfer_syntax("1.2.840.10008.1.2.4.108"));
  EXPECT_TRUE(is_registered_transfer_syntax("1.2.840.10008.1.2.4.202"));
  EXPECT_FALSE(is_registered_transfer_syntax("1.2.840.10008.1.1"));
  EXPECT_FALSE(is_registered_transfer_syntax("LittleEndianExplicit"));
  EXPECT_FALSE(is_registered_transfer_syntax(""));
  EXPECT_TRUE(is_lossy_transfer_syntax(kLossy));
  EXPECT_FALSE(is_lossy_transfer_syntax(kLossless));
}

TEST(Transcode, NativeAndBack) {
  const std::string original = file("2", "abcdefghijklmnop");
  for (const std::string_view to : {kImplicitLittleEndian, kExplicitBigEndian, kDeflatedLittleEndian}) {
    const std::string there = transcoded(original, to);
    const std::string back = transcoded(there, kExplicitLittleEndian);
    const ParsedInstance parsed = parse_file(back.data(), back.size());
    EXPECT_EQ(parsed.transfer_syntax, kExplicitLittleEndian);
    ASSERT_TRUE(parsed.pixel_data_offset);
    EXPECT_EQ(back.substr(*parsed.pixel_data_offset + 12, 16), "abcdefghijklmnop") << to;
    EXPECT_NE(back.find("CREATOR"), std::string::npos) << to;
  }
}

TEST(Transcode, FramesHaveOffsets) {
  const std::string bytes = transcoded(file("2", "abcdefghijklmnop"), kLossless);
  const std::string expected(
      "\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff"
      "\xfe\xff\x00\xe0\x08\x00\x00\x00\x00\x00\x00\x00\x0c\x00\x00\x00"
      "\xfe\xff\x00\xe0\x04\x00\x00\x00"
      "aceg\xfe\xff\x00\xe0\x04\x00\x00\x00ikmo\xfe\xff\xdd\xe0\x00\x00\x00\x00",
      12 + 16 + 12 + 12 + 8);
  EXPECT_NE(bytes.find(expected), std::string::npos);
}

TEST(Transcode, LossMakesAnotherInstance) {
  Transcoded result;
  const std::string bytes = transcoded(file("2", "abcdefghijklmnop"), kLossy, &result);
  EXPECT_TRUE(result.is_lossy);
  EXPECT_NE(result.sop_instance_uid, "1.2.3.4");
  const ParsedInstance parsed = parse_file(bytes.data(), bytes.size());
  OFString value;
  DcmDataset& data_set = parsed.data_set();
  EXPECT_TRUE(data_set.findAndGetOFString(DCM_SOPInstanceUID, value).good());
  EXPECT_EQ(result.sop_instance_uid, value.c_str());
  EXPECT_TRUE(data_set.findAndGetOFString(DCM_LossyImageCompressionRatio, value).good());
  EXPECT_EQ(std::stod(value.c_str()), 2.0);
}

TEST(Transcode, Refuses) {
  const std::string good = file("2", "abcdefghijklmnop");
  EXPECT_EQ(refusal(good, "1.2.3"), HILUM_E_OUT_OF_RANGE);
  EXPECT_EQ(refusal(good, kLossy, 0), HILUM_E_OUT_OF_RANGE);
  EXPECT_EQ(refusal(good, kLossy, 101), HILUM_E_OUT_OF_RANGE);
  EXPECT_EQ(refusal(good, "1.2.840.10008.1.2.4.90"), HILUM_E_NOT_IMPLEMENTED);
  EXPECT_EQ(refusal(good, "1.2.840.10008.1.2.4.94"), HILUM_E_NOT_IMPLEMENTED);
  EXPECT_EQ(refusal(good, "1.2.840.10008.1.2.4.100"), HILUM_E_NOT_IMPLEMENTED);
  EXPECT_EQ(refusal(file("2147483647", "abcdefghijklmnop"), kLossless), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(refusal(file("0", "abcdefghijklmnop"), kLossless), HILUM_E_BAD_FORMAT);
}

TEST(Transcode, OutputsAreTheSame) {
  StringOutput memory;
  SpooledOutput small("/tmp", 1000);
  SpooledOutput large("/tmp", 4);
  for (FileOutput* out : {static_cast<FileOutput*>(&memory), static_cast<FileOutput*>(&small),
                          static_cast<FileOutput*>(&large)}) {
    out->append("abc");
    out->append("defgh");
    out->overwrite(2, "XY");
  }
  EXPECT_EQ(memory.take(), "abXYefgh");
  EXPECT_LT(small.fd(), 0);
  EXPECT_EQ(small.source().copy(0, 100), "abXYefgh");
  EXPECT_GE(large.fd(), 0);
  EXPECT_EQ(large.source().copy(0, 100), "abXYefgh");
  StringOutput limited(4);
  EXPECT_THROW(limited.append("abcde"), Error);
}

}  // namespace
}  // namespace hilum::dicom
