#include <fcntl.h>
#include <gtest/gtest.h>
#include <hilum/dicom/identity.h>
#include <hilum/dicom/json.h>
#include <hilum/dicom/meta_header.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/structure.h>
#include <hilum/dicom/text.h>
#include <hilum/dicom/transfer_syntax.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>

#include "dicom_bytes.h"

namespace hilum::dicom {
namespace {

using namespace test;

ParsedInstance parse(const std::string& bytes, bool whole = false) {
  ParseOptions options;
  options.whole = whole;
  return parse_file(bytes.data(), bytes.size(), options);
}

int32_t parse_code(const std::string& bytes) {
  return code_of([&] { parse(bytes); });
}

// A file of its own with the given bytes, gone from the directory at once.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& bytes) : file_(std::tmpfile()) {
    std::fwrite(bytes.data(), 1, bytes.size(), file_);
    std::fflush(file_);
  }
  ~TemporaryFile() { std::fclose(file_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  int fd() const { return fileno(file_); }

 private:
  std::FILE* file_;
};

std::string raw_deflate(const std::string& bytes, int flush = Z_FINISH) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(compressBound(bytes.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, flush);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// Sequences in sequences; every level has one item.
std::string nested(int levels, bool is_implicit, bool undefined) {
  std::string head;
  std::string tail;
  std::string content;
  if (undefined) {
    for (int i = 0; i < levels; ++i) {
      head += is_implicit ? implicit(0x00081140, "", kUndefined) : element(0x00081140, "SQ", "", kUndefined);
      head += tag_bytes(0xfffee000) + number(0xffffffff, 4);
      tail += tag_bytes(0xfffee00d) + number(0, 4) + sequence_end();
    }
    return head + tail;
  }
  // Lengths from the inside out, without copying the content for each level.
  const size_t header = (is_implicit ? 8 : 12) + 8;
  for (int i = levels; i > 0; --i) {
    const uint64_t inner = static_cast<uint64_t>(i - 1) * header;
    head += is_implicit ? implicit(0x00081140, "", static_cast<int64_t>(inner + 8))
                        : element(0x00081140, "SQ", "", static_cast<int64_t>(inner + 8));
    head += tag_bytes(0xfffee000) + number(inner, 4);
  }
  return head;
}

TEST(Parse, ReadsUpToPixelData) {
  const std::string before = identifiers();
  const std::string bytes = file(before + element(kPixelData, "OW", std::string(100, 'x')));
  const ParsedInstance instance = parse(bytes);
  EXPECT_EQ(instance.transfer_syntax, kExplicitLittleEndian);
  EXPECT_TRUE(instance.has_meta_header);
  EXPECT_EQ(instance.pixel_data_offset, bytes.size() - 112);
  EXPECT_EQ(instance.pixel_data_length, 100u);
  EXPECT_EQ(instance.pixel_data_vr, EVR_OW);
  EXPECT_EQ(instance.sop_class, "1.2.840.10008.5.1.4.1.1.4");
  EXPECT_EQ(instance.data_set().card(), 5u);
  EXPECT_EQ(parse(bytes, true).data_set().card(), 6u);
}

TEST(Parse, ReadsOnlyWhatIsWanted) {
  const std::string inner =
      item(element(0x00100020, "LO", "inside") + element(0x00081150, "UI", "1.2"), true);
  const std::string bytes =
      file(identifiers() + element(0x00400275, "SQ", inner + sequence_end(), kUndefined) +
           element(0x00400280, "ST", "not wanted") + element(0x00400281, "LO", "last ") +
           element(kPixelData, "OW", std::string(100, 'x')));
  const std::vector<Tag> only{kSopClassUid, kPatientId, 0x00400275, 0x00400281};
  ParseOptions options;
  options.only = &only;
  const ParsedInstance some = parse_file(ByteSource(bytes.data(), bytes.size()), options), all = parse(bytes);
  EXPECT_EQ(some.data_set().card(), 4u);
  EXPECT_EQ(some.sop_class, all.sop_class);
  EXPECT_EQ(some.pixel_data_offset, all.pixel_data_offset);
  for (const Tag tag : only) {
    DcmElement *left = nullptr, *right = nullptr;
    const DcmTagKey key(tag_group(tag), tag_element(tag));
    ASSERT_TRUE(some.data_set().findAndGetElement(key, left).good()) << tag;
    ASSERT_TRUE(all.data_set().findAndGetElement(key, right).good()) << tag;
    EXPECT_EQ(left->compare(*right), 0) << tag;
  }
  // What is not wanted is checked all the same.
  const ByteSource cut(bytes.data(), bytes.size() - 1);
  EXPECT_EQ(code_of([&] { parse_file(cut, options); }), HILUM_E_BAD_FORMAT);
}

TEST(Parse, GuessesTheTransferSyntaxWithoutMetaHeader) {
  EXPECT_EQ(parse(identifiers()).transfer_syntax, kExplicitLittleEndian);
  EXPECT_EQ(parse(implicit(0x00080018, "1.2.3.4")).transfer_syntax, kImplicitLittleEndian);
  EXPECT_EQ(parse(element(0x00080018, "UI", "1.2.3.4", -1, true)).transfer_syntax, kExplicitBigEndian);
  EXPECT_FALSE(parse(identifiers()).has_meta_header);
}

TEST(Parse, ReadsTheSameFromAFile) {
  const std::string junk = "junk before ";
  const std::string bytes = file(identifiers() + element(0x00091001, "OB", std::string(300000, 'b')) +
                                 element(kPixelData, "OW", std::string(100, 'x')));
  const TemporaryFile on_disk(junk + bytes + "junk behind");
  const ByteSource range(on_disk.fd(), junk.size(), bytes.size());
  EXPECT_EQ(tags_json(parse_file(range)), tags_json(parse(bytes)));
  // Long values stay in the file, and are there when asked for, even after the descriptor was closed.
  ParsedInstance late;
  {
    const int copy = ::dup(on_disk.fd());
    late = parse_file(ByteSource(copy, junk.size(), bytes.size()));
    ::close(copy);
  }
  const Uint8* value = nullptr;
  unsigned long length = 0;
  ASSERT_TRUE(late.data_set().findAndGetUint8Array(DcmTagKey(0x0009, 0x1001), value, &length).good());
  EXPECT_EQ(length, 300000u);
  EXPECT_EQ(value[299999], 'b');
}

TEST(Parse, ReadsBareDataSets) {
  const std::string bytes = implicit(0x00080018, "1.2.3.4") + implicit(kPixelData, "abcd");
  const ParsedInstance instance =
      parse_data_set(ByteSource(bytes.data(), bytes.size()), kImplicitLittleEndian);
  EXPECT_EQ(text_of(instance.data_set(), kSopInstanceUid, Charset()), "1.2.3.4");
  EXPECT_EQ(instance.pixel_data_offset, bytes.size() - 12);
  EXPECT_EQ(code_of([&] { parse_data_set(ByteSource(bytes.data(), bytes.size()), "1.2.3"); }),
            HILUM_E_BAD_FORMAT);
}

TEST(Parse, ReadsBehindItsOwnMetaHeader) {
  const std::string bytes =
      meta_header({"1.2.840.10008.5.1.4.1.1.4", "1.2.3.4", kExplicitLittleEndian, "MODALITY"}) +
      identifiers();
  const ParsedInstance instance = parse(bytes);
  EXPECT_EQ(instance.data_set_offset, bytes.size() - identifiers().size());
  JsonOptions options;
  options.format = JsonFormat::Short;
  const std::string header = header_json(instance, options);
  EXPECT_NE(header.find("\"0002,0013\" : \"HILUM_0_1_0\""), std::string::npos) << header;
  EXPECT_NE(header.find("\"0002,0016\" : \"MODALITY\""), std::string::npos) << header;
  // The group length counts what follows it.
  const size_t group = instance.data_set_offset - (128 + 4 + 12);
  EXPECT_NE(header.find("\"0002,0000\" : \"" + std::to_string(group) + "\""), std::string::npos) << header;
  EXPECT_EQ(code_of([] { meta_header({std::string(65, '1'), "1", "1", ""}); }), HILUM_E_BAD_FORMAT);
}

TEST(Parse, ReadsDeflatedFiles) {
  const std::string data_set = identifiers() + element(kPixelData, "OW", std::string(100000, 'x'));
  const std::string deflated = raw_deflate(data_set);
  const std::string bytes = file(deflated, std::string(kDeflatedLittleEndian));
  const ParsedInstance instance = parse(bytes);
  EXPECT_EQ(identifiers_of(instance.data_set()).instance_uid, "1.2.3.4");
  EXPECT_TRUE(instance.has_pixel_data);
  EXPECT_FALSE(instance.pixel_data_offset);
  EXPECT_EQ(parse_code(bytes.substr(0, bytes.size() - 10)), HILUM_E_BAD_FORMAT);
  // A small file that would fill the memory: 300 times the same independent block of a megabyte.
  constexpr int kBlocks = 300;
  constexpr size_t kBlock = 1 << 20;
  std::string bomb = raw_deflate(element(0x00091001, "OB", "", int64_t{kBlocks} * kBlock), Z_FULL_FLUSH);
  const std::string block = raw_deflate(std::string(kBlock, 'x'), Z_FULL_FLUSH);
  for (int i = 0; i < kBlocks; ++i) bomb += block;
  bomb += raw_deflate("");
  EXPECT_EQ(parse_code(file(bomb, std::string(kDeflatedLittleEndian))), HILUM_E_BAD_FORMAT);
}

TEST(Parse, RefusesWhatIsNotDicom) {
  EXPECT_EQ(parse_code(""), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(parse_code("x"), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(parse_code("hello, this is not a DICOM file but a text"), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(parse_code("PK\x03\x04 something or other"), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(parse_code(std::string(128, '\0') + "DICM"), HILUM_E_BAD_FORMAT);
}

TEST(Parse, RefusesLyingLengths) {
  EXPECT_EQ(parse_code(file(identifiers() + element(kPixelData, "OW", "abcd", 6))), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(parse_code(file(identifiers() + element(kPixelData, "OW", "abcd", 0xfffffffe))),
            HILUM_E_BAD_FORMAT);
  EXPECT_EQ(parse_code(file(identifiers() + element(0x00204000, "UT", "abcd", 0x7fffffff))),
            HILUM_E_BAD_FORMAT);
  const std::string too_long_item = tag_bytes(0xfffee000) + number(100, 4);
  EXPECT_EQ(parse_code(file(element(0x00081140, "SQ", too_long_item) + identifiers())), HILUM_E_BAD_FORMAT);
}

TEST(Parse, ChecksFragments) {
  const std::string jpeg = "1.2.840.10008.1.2.4.50";
  const std::string head = identifiers() + element(kPixelData, "OB", "", kUndefined);
  const std::string good = file(head + item("") + item("ab") + item("cdef") + sequence_end(), jpeg);
  EXPECT_EQ(parse_code(good), 0);
  EXPECT_FALSE(parse(good).pixel_data_length);
  EXPECT_EQ(parse_code(good.substr(0, good.size() - 8)), HILUM_E_BAD_FORMAT) << "no delimiter";
  EXPECT_EQ(parse_code(good.substr(0, good.size() - 9)), HILUM_E_BAD_FORMAT) << "cut fragment";
  EXPECT_EQ(parse_code(file(head + item("") + element(0x00100010, "PN", "A"), jpeg)), HILUM_E_BAD_FORMAT);
}

TEST(Parse, RefusesNestedBombs) {
  for (const bool is_implicit : {false, true}) {
    for (const bool undefined : {false, true}) {
      SCOPED_TRACE(testing::Message() << "implicit " << is_implicit << ", undefined " << undefined);
      const std::string syntax(is_implicit ? kImplicitLittleEndian : kExplicitLittleEndian);
      EXPECT_EQ(parse_code(file(nested(60, is_implicit, undefined), syntax)), 0);
      EXPECT_EQ(parse_code(file(nested(65, is_implicit, undefined), syntax)), HILUM_E_BAD_FORMAT);
      EXPECT_EQ(parse_code(file(nested(10000, is_implicit, undefined), syntax)), HILUM_E_BAD_FORMAT);
    }
  }
}

TEST(Parse, RefusesBombsInUnknownValues) {
  // Nobody says that this is a sequence, but a parser may take it for one.
  const std::string bomb = item(nested(100, true, false));
  EXPECT_EQ(parse_code(file(element(0x00091001, "UN", bomb))), HILUM_E_BAD_FORMAT);
  EXPECT_EQ(parse_code(file(implicit(0x00091001, bomb), std::string(kImplicitLittleEndian))),
            HILUM_E_BAD_FORMAT);
}

TEST(Parse, ImplicitValuesThatLookLikeItemsAreNoSequences) {
  // A binary value that happens to start with the item tag.
  const std::string value = tag_bytes(0xfffee000) + "this is no item at all";
  const std::string bytes =
      file(implicit(0x00091001, value) + implicit(0x00100020, "ID"), std::string(kImplicitLittleEndian));
  EXPECT_EQ(text_of(parse(bytes).data_set(), kPatientId, Charset()), "ID");
}

TEST(Parse, KnownSequencesInImplicitValuesMayNotBeBroken) {
  // The length of the inner value lies; a parser that believes it asks for 800 MB.
  const std::string lie = implicit(0x00081150, "1.2", 0x30000000);
  const std::string known = implicit(0x00081140, item(lie)),
                    unknown = implicit(0x00090010, "CREATOR") + implicit(0x00091001, item(lie));
  const std::string syntax(kImplicitLittleEndian);
  EXPECT_EQ(code_of([&] {
              const std::string bytes = file(known + implicit(0x00100020, "ID"), syntax);
              scan_file(ByteSource(bytes.data(), bytes.size()));
            }),
            HILUM_E_BAD_FORMAT);
  EXPECT_EQ(parse_code(file(unknown + implicit(0x00100020, "ID"), syntax)), 0);
}

TEST(Parse, TruncationAnywhereGivesAnErrorOrAnInstance) {
  const std::string sequence =
      element(0x00081140, "SQ",
              item(element(0x00081150, "UI", "1.2")) + item(element(0x00081155, "UI", "1.3"), true));
  const std::string open =
      element(0x00081199, "SQ", item(element(0x00081150, "UI", "1.2"), true) + sequence_end(), kUndefined);
  const std::string bytes =
      file(sequence + open + identifiers() +
           element(kPixelData, "OB", item("") + item("abcd") + sequence_end(), kUndefined));
  int accepted = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const int32_t code = parse_code(bytes.substr(0, size));
    EXPECT_TRUE(code == 0 || code == HILUM_E_BAD_FORMAT) << size << ": " << code;
    if (size >= 132) accepted += code == 0;
  }
  EXPECT_EQ(parse_code(bytes), 0);
  // Only between elements of the top level: 2 sequences, 5 identifiers, and behind the meta header.
  EXPECT_EQ(accepted, 8);
}

TEST(Parse, AnyByteChangedGivesAnErrorOrAnInstance) {
  const std::string sequence =
      implicit(0x00081140, item(implicit(0x00081150, "1.2")) + item(implicit(0x00081155, "1.3"), true));
  const std::string bytes = file(sequence + implicit(0x00100020, "ID") + implicit(kPixelData, "abcd"),
                                 std::string(kImplicitLittleEndian));
  for (size_t i = 128; i < bytes.size(); ++i) {
    for (const char c : {'\0', '\xff'}) {
      std::string changed = bytes;
      changed[i] = c;
      const int32_t code = code_of([&] { tags_json(parse(changed, true)); });
      EXPECT_TRUE(code == 0 || code == HILUM_E_BAD_FORMAT) << i;
    }
  }
}

TEST(Identity, KnownIds) {
  const std::string bytes = file(identifiers());
  const Identifiers found = identifiers_of(parse(bytes).data_set());
  EXPECT_EQ(found.patient().to_string(), "6816cb19-844d5aee-85245eba-28e841e6-2414fae2");
  EXPECT_EQ(found.study().to_string(), "b9c08539-26f93bde-c81ab0d7-bffaf2cb-a4d0bdd0");
  EXPECT_EQ(PublicId::hash_of("").to_string(), "da39a3ee-5e6b4b0d-3255bfef-95601890-afd80709");
  EXPECT_EQ(PublicId::parse(found.series().to_string()), found.series());
  for (const char* bad : {"", "6816cb19", "6816cb19-844d5aee-85245eba-28e841e6-2414FAE2",
                          "6816cb19+844d5aee-85245eba-28e841e6-2414fae2"})
    EXPECT_FALSE(PublicId::parse(bad)) << bad;
}

TEST(Identity, PaddingAndCharset) {
  EXPECT_EQ(identifiers_of(parse(file(identifiers("  A B "))).data_set()).patient_id, "  A B");
  const std::string latin1 = file(element(kSpecificCharacterSet, "CS", "ISO_IR 100") + identifiers("\xe9"));
  const std::string utf8 = file(element(kSpecificCharacterSet, "CS", "ISO_IR 192") + identifiers("\xc3\xa9"));
  EXPECT_EQ(identifiers_of(parse(latin1).data_set()).patient(),
            identifiers_of(parse(utf8).data_set()).patient());
}

TEST(Identity, Refusals) {
  const auto code = [](const std::string& data_set) {
    const ParsedInstance instance = parse(file(data_set));
    return code_of([&] { identifiers_of(instance.data_set()); });
  };
  const std::string uids = element(0x00080018, "UI", "1.2.3.4") + element(0x0020000d, "UI", "1.2") +
                           element(0x0020000e, "UI", "1.3");
  EXPECT_EQ(code(uids), 0) << "no PatientID";
  EXPECT_EQ(code(element(0x00080018, "UI", "1.2.3.4") + element(0x0020000d, "UI", "1.2")),
            HILUM_E_INEXISTENT_TAG);
  EXPECT_EQ(code(element(0x00080018, "UI", "1.2.3.4") + element(0x0020000d, "UI", "") +
                 element(0x0020000e, "UI", "1.3")),
            HILUM_E_BAD_FORMAT);
  EXPECT_EQ(code(element(0x00080016, "UI", "1.2.840.10008.1.3.10") + uids), HILUM_E_INEXISTENT_TAG);
  EXPECT_EQ(code(identifiers(std::string(256, 'p'))), 0);
  EXPECT_EQ(code(identifiers(std::string(257, 'p'))), HILUM_E_BAD_TYPE);
}

}  // namespace
}  // namespace hilum::dicom
