// IngestTranscoding: what is converted, and who it is afterwards. Images of all codecs: tests/integration.
#include <hilum/cpp/error.h>
#include <hilum/dicom/transcode.h>
#include <hilum/index.h>

#include "core/ingest/batch.h"
#include "tests/unit/ingest/fixture.h"

namespace hilum::ingest {
namespace {

using testing::Archive;
using testing::dicom_file;
using testing::Elements;
using testing::elements_of;
using testing::fast_options;
using testing::kAllIsWell;

constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
constexpr const char* kBigEndian = "1.2.840.10008.1.2.2";
constexpr const char* kLossless = "1.2.840.10008.1.2.4.70";
constexpr const char* kLossy = "1.2.840.10008.1.2.4.50";

// Streams that nobody will decode: the frame as it is.
class CopyingCodecs : public dicom::FrameCodecs {
 public:
  bool can_decode(std::string_view) const override { return false; }
  bool can_encode(std::string_view uid) const override { return uid == kLossless || uid == kLossy; }
  dicom::DecodedFrame decode(std::string_view, const dicom::PixelFormat&, std::string_view) const override {
    throw Error(HILUM_E_NOT_IMPLEMENTED);
  }
  dicom::EncodedFrame encode(std::string_view, const dicom::DecodedFrame& frame, int) const override {
    return {frame.format, std::string(frame.pixels.begin(), frame.pixels.end())};
  }
};

std::string us(uint16_t number) {
  std::string bytes;
  append_le(bytes, number);
  return bytes;
}

Elements picture(const std::string& instance = "1.2.3.4") {
  Elements elements = elements_of("P", "1.2", "1.2.3", instance);
  elements[0x00280002] = {"US", us(1)};
  elements[0x00280004] = {"CS", "MONOCHROME2"};
  elements[0x00280010] = {"US", us(8)};
  elements[0x00280011] = {"US", us(8)};
  elements[0x00280101] = {"US", us(8)};
  elements[0x00280102] = {"US", us(7)};
  elements[0x00280103] = {"US", us(0)};
  return elements;
}

Options towards(const char* syntax) {
  Options options = fast_options();
  options.transcoding.transfer_syntax = syntax;
  return options;
}

struct Result {
  Stored stored;
  std::string syntax;  // as the index says
  std::string file;
};

Result store(Archive& archive, const std::string& file) {
  const Stored stored = archive.store(file);
  const auto instance = archive.find(stored.instance);
  if (!instance) return {stored, {}, {}};
  return {stored, archive.metadata(*instance, HILUM_METADATA_TRANSFER_SYNTAX), archive.file_of(*instance)};
}

TEST(IngestTranscoding, LosslessKeepsTheInstance) {
  Archive archive(towards(kLossless));
  archive.ingest().set_codecs(std::make_shared<CopyingCodecs>());
  const std::string file = dicom_file(picture());
  const Result result = store(archive, file);
  EXPECT_EQ(result.syntax, kLossless);
  EXPECT_EQ(result.stored.instance, PublicId::hash_of("P|1.2|1.2.3|1.2.3.4"));
  EXPECT_NE(result.file, file);
  EXPECT_EQ(store(archive, file).stored.outcome, Outcome::kAlreadyStored);
  EXPECT_EQ(archive.check(), kAllIsWell);
}

TEST(IngestTranscoding, LossyMakesTheSameOtherInstanceEachTime) {
  Archive archive(towards(kLossy));
  archive.ingest().set_codecs(std::make_shared<CopyingCodecs>());
  const Result first = store(archive, dicom_file(picture()));
  EXPECT_EQ(first.syntax, kLossy);
  EXPECT_EQ(first.stored.outcome, Outcome::kStored);
  EXPECT_EQ(first.stored.series, PublicId::hash_of("P|1.2|1.2.3"));
  EXPECT_NE(first.stored.instance, PublicId::hash_of("P|1.2|1.2.3|1.2.3.4"));
  const Result again = store(archive, dicom_file(picture()));
  EXPECT_EQ(again.stored.outcome, Outcome::kAlreadyStored);
  EXPECT_EQ(again.stored.instance, first.stored.instance);
  EXPECT_NE(store(archive, dicom_file(picture("1.2.3.5"))).stored.instance, first.stored.instance);
}

TEST(IngestTranscoding, LeavesAlone) {
  const auto is_untouched = [](const Options& options, const Elements& elements, bool with_codecs = true) {
    Archive archive(options);
    if (with_codecs) archive.ingest().set_codecs(std::make_shared<CopyingCodecs>());
    const std::string file = dicom_file(elements);
    return store(archive, file).file == file;
  };
  EXPECT_TRUE(is_untouched(fast_options(), picture())) << "no transfer syntax is wanted";
  EXPECT_TRUE(is_untouched(towards(kExplicit), picture())) << "it has that one";
  EXPECT_TRUE(is_untouched(towards(kLossless), picture(), false)) << "there are no codecs";
  EXPECT_TRUE(is_untouched(towards("1.2.840.10008.1.2.5"), picture())) << "nobody encodes it";
  Elements text = picture();
  text.erase(0x7fe00010);
  EXPECT_TRUE(is_untouched(towards(kLossless), text)) << "no pixels";
  EXPECT_FALSE(is_untouched(towards(kBigEndian), text)) << "but it can be written in other words";
  Elements broken = picture();
  broken[0x00280010] = {"US", us(9999)};
  EXPECT_TRUE(is_untouched(towards(kLossless), broken)) << "the pixels are not all there";
  Options compressed_only = towards(kLossless);
  compressed_only.transcoding.of_uncompressed = false;
  EXPECT_TRUE(is_untouched(compressed_only, picture()));
  Options uncompressed_only = towards(kLossless);
  uncompressed_only.transcoding.of_compressed = false;
  EXPECT_FALSE(is_untouched(uncompressed_only, picture()));
}

TEST(IngestTranscoding, ABatchMayKeepItsTransferSyntax) {
  Archive archive(towards(kBigEndian));
  archive.ingest().set_codecs(std::make_shared<CopyingCodecs>());
  const auto batch = archive.ingest().open_batch();
  Bytes first, second;
  first.memory = dicom_file(picture("1.2.3.4"));
  second.memory = dicom_file(picture("1.2.3.5"));
  const Stored converted = batch->add(std::move(first), {});
  batch->keep_transfer_syntax();
  const Stored kept = batch->add(std::move(second), {});
  batch->commit();
  EXPECT_EQ(archive.metadata(*archive.find(converted.instance), HILUM_METADATA_TRANSFER_SYNTAX), kBigEndian);
  EXPECT_EQ(archive.metadata(*archive.find(kept.instance), HILUM_METADATA_TRANSFER_SYNTAX), kExplicit);
}

}  // namespace
}  // namespace hilum::ingest
