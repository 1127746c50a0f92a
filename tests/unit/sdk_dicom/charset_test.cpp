#include <gtest/gtest.h>
#include <hilum/dicom/charset.h>

namespace hilum::dicom {
namespace {

std::string decode(const char* charset, std::string_view bytes, bool person_name = true) {
  return Charset::from_value(charset, Encoding::Ascii).to_utf8(bytes, person_name);
}

// The examples of PS3.5 annexes H, I, J, K.
TEST(Charset, ExamplesOfTheStandard) {
  EXPECT_EQ(decode("\\ISO 2022 IR 87",
                   "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"),
            "Yamada^Tarou=山田^太郎=やまだ^たろう");
  EXPECT_EQ(decode("ISO 2022 IR 13\\ISO 2022 IR 87",
                   "\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$"
                   "B$?$m$&\x1b(J"),
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう");
  EXPECT_EQ(
      decode("\\ISO 2022 IR 149",
             "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"),
      "Hong^Gildong=洪^吉洞=홍^길동");
  EXPECT_EQ(decode("ISO_IR 192", "Wang^XiaoDong=王^小东"), "Wang^XiaoDong=王^小东");
  EXPECT_EQ(decode("GB18030", "Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab"), "Wang^XiaoDong=王^小东");
  EXPECT_EQ(decode("\\ISO 2022 IR 58", "Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab="),
            "Zhang^XiaoDong=张^小东=");
}

TEST(Charset, SingleByteSets) {
  EXPECT_EQ(decode("ISO_IR 100", "Buc^J\xe9r\xf4me"), "Buc^Jérôme");
  EXPECT_EQ(decode("ISO_IR 101",
                   "W\xb3"
                   "a\xb6\xe6"),
            "Właść");
  EXPECT_EQ(decode("ISO_IR 144", "\xbb\xee\xda"), "Люк");
  EXPECT_EQ(decode("ISO_IR 126", "\xc4\xe9\xef\xed"), "Διον");
  EXPECT_EQ(decode("ISO_IR 127", "\xe2\xc8\xc7"), "قبا");
  EXPECT_EQ(decode("ISO_IR 138", "\xf9\xf8"), "שר");
  EXPECT_EQ(decode("ISO_IR 148", "\xdd"), "İ");
  EXPECT_EQ(decode("ISO_IR 166", "\xb9\xd2"), "นา");
  EXPECT_EQ(decode("ISO_IR 13", "\xd4\xcf"), "ﾔﾏ");
  EXPECT_EQ(Charset(Encoding::Windows1251).to_utf8("\xcb\xfe\xea"), "Люк");
}

TEST(Charset, CodeExtensionsBetweenSingleByteSets) {
  EXPECT_EQ(decode("ISO 2022 IR 100\\ISO 2022 IR 144", "\xe9\x1b-L\xbb\xee\xda^\xe9"), "éЛюк^é")
      << "the delimiter resets to the first set";
  EXPECT_EQ(decode("ISO 2022 IR 6\\ISO 2022 IR 126", "Dionysios=\x1b-F\xc4\xe9\xef\xed"), "Dionysios=Διον");
}

TEST(Charset, UndecodableIsDropped) {
  EXPECT_EQ(decode("ISO_IR 6", "J\xe9r"), "Jr");
  EXPECT_EQ(decode("ISO_IR 192", "J\xe9r"), "Jr");
  EXPECT_EQ(decode("ISO_IR 192", "\xed\xa0\x80\xff\xc0\x80"), "");
  EXPECT_EQ(decode("GB18030", "A\xff"), "A");
  EXPECT_EQ(decode("\\ISO 2022 IR 87", "A\x1b$B;"), "A");
  EXPECT_EQ(decode("\\ISO 2022 IR 87", "A\x1b"), "A");
  EXPECT_TRUE(is_valid_utf8(decode("ISO_IR 166", "\xff\xfe\xdb")));
}

TEST(Charset, MisspelledAndUnknownTerms) {
  EXPECT_EQ(Charset::from_value("ISO IR 100", Encoding::Ascii).to_utf8("\xe9"), "é");
  EXPECT_EQ(Charset::from_value("ISO-IR 192", Encoding::Ascii).to_utf8("é"), "é");
  EXPECT_EQ(Charset::from_value("KOI8", Encoding::Latin1).to_utf8("\xe9"), "é");
  EXPECT_EQ(Charset::from_value("", Encoding::Latin2).to_utf8("\xb3"), "ł");
}

TEST(Charset, EncodesAndDecodesBack) {
  const struct {
    Encoding encoding;
    const char* text;
  } cases[] = {
      {Encoding::Utf8, "Ünï😀"},        {Encoding::Latin1, "Jérôme"},
      {Encoding::Latin2, "Właść"},     {Encoding::Cyrillic, "Люк"},
      {Encoding::Windows1251, "Люк"},  {Encoding::Greek, "Διον"},
      {Encoding::Hebrew, "שר"},        {Encoding::Arabic, "قبا"},
      {Encoding::Thai, "นา"},          {Encoding::Japanese, "ﾔﾏ"},
      {Encoding::Chinese, "王^小东"},  {Encoding::JapaneseKanji, "A=山田^太郎=やまだ"},
      {Encoding::Korean, "A=洪^吉洞"}, {Encoding::SimplifiedChinese, "张^小东"},
      {Encoding::Latin5, "İ"},
  };
  for (const auto& test : cases) {
    const std::string bytes = Charset(test.encoding).from_utf8(test.text, true);
    // Read by the declared SpecificCharacterSet, as a receiver would.
    const Charset declared = Charset::from_value(specific_character_set(test.encoding), Encoding::Ascii);
    EXPECT_EQ(declared.to_utf8(bytes, true), test.text) << encoding_name(test.encoding);
  }
  EXPECT_EQ(Charset(Encoding::Latin1).from_utf8("Люк"), "???");
  EXPECT_EQ(Charset(Encoding::Ascii).from_utf8("é"), "?");
}

TEST(Charset, EncodingNames) {
  for (int i = 0; i <= static_cast<int>(Encoding::SimplifiedChinese); ++i) {
    const auto encoding = static_cast<Encoding>(i);
    EXPECT_EQ(parse_encoding(encoding_name(encoding)), encoding);
  }
  EXPECT_FALSE(parse_encoding("latin1"));
  EXPECT_EQ(std::string(specific_character_set(Encoding::Latin5)), "ISO_IR 148");
}

}  // namespace
}  // namespace hilum::dicom
