// The way in reads few elements of a file only. What it finds must be what a complete reading finds.
#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "core/ingest/prepare.h"

namespace hilum::ingest {
namespace {

constexpr const char* kSamples = "/usr/lib/python3/dist-packages/pydicom/data";
constexpr int kMutations = 40;

struct Reading {
  std::optional<index::NewInstance> instance;  // nothing: refused
  std::string refusal;
};

Reading read(const std::string& bytes, const std::vector<dicom::Tag>* only) {
  static const Options options;
  try {
    dicom::ParseOptions parse;
    parse.only = only;
    const auto parsed = dicom::parse_file(dicom::ByteSource(bytes.data(), bytes.size()), parse);
    return {describe_instance(parsed, Origin{}, options, 1), {}};
  } catch (const Error& error) {
    return {std::nullopt, error.details()};
  }
}

bool equal(const index::NewInstance& a, const index::NewInstance& b) {
  const auto same = [](const std::vector<index::Metadata>& left, const std::vector<index::Metadata>& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const auto& x, const auto& y) { return x.key == y.key && x.value == y.value; });
  };
  return a.ids == b.ids && a.tags == b.tags && same(a.instance_metadata, b.instance_metadata) &&
         same(a.series_metadata, b.series_metadata);
}

std::vector<std::string> sample_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSamples)) {
    if (!entry.is_regular_file() || entry.file_size() > (1u << 20)) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return files;
}

TEST(IdentityTags, FindWhatACompleteReadingFinds) {
  if (!std::filesystem::exists(kSamples)) GTEST_SKIP() << "no sample files of pydicom";
  const std::vector<dicom::Tag> only = identity_tags(Options{});
  std::mt19937 chance(7);
  int stored = 0, refused = 0, only_short = 0;
  for (const std::string& original : sample_files()) {
    for (int i = 0; i <= kMutations; ++i) {
      std::string bytes = original;
      for (int change = 0; i > 0 && change < 3 && !bytes.empty(); ++change) {
        bytes[chance() % std::min<size_t>(bytes.size(), 4096)] = static_cast<char>(chance());
      }
      const Reading all = read(bytes, nullptr), some = read(bytes, &only);
      if (all.instance) {
        ASSERT_TRUE(some.instance) << some.refusal;
        EXPECT_TRUE(equal(*all.instance, *some.instance));
        ++stored;
      } else if (some.instance) {
        ++only_short;  // DCMTK stumbles over a value that the index does not need; the file is kept as it is
      } else {
        ++refused;
      }
    }
  }
  std::printf("stored %d, refused %d, refused by a complete reading only %d\n", stored, refused, only_short);
  EXPECT_GT(stored, 1000);
  EXPECT_GT(refused, 100);
}

TEST(IdentityTags, NeitherReadsBehindThePixelData) {
  std::ifstream file(std::string(kSamples) + "/test_files/CT_small.dcm", std::ios::binary);
  if (!file) GTEST_SKIP() << "no sample files of pydicom";
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  bytes += std::string("\x40\x00\x54\x02LO\x04\x00late", 12);  // a main tag of series, out of order
  const std::vector<dicom::Tag> only = identity_tags(Options{});
  const Reading all = read(bytes, nullptr), some = read(bytes, &only);
  ASSERT_TRUE(all.instance && some.instance);
  EXPECT_TRUE(equal(*all.instance, *some.instance));
}

}  // namespace
}  // namespace hilum::ingest
