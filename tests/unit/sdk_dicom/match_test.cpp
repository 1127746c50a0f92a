#include <gtest/gtest.h>
#include <hilum/dicom/match.h>
#include <hilum/dicom/normalize.h>

#include <ctime>

#include "dicom_bytes.h"

namespace hilum::dicom {
namespace {

using test::code_of;

bool matches(DcmEVR vr, std::string_view query, std::string_view value, bool case_sensitive = true) {
  return Matcher::compile(vr, query, case_sensitive).matches(value);
}

TEST(Match, UniversalAndSingle) {
  EXPECT_EQ(Matcher::compile(EVR_LO, "", true).kind(), MatchKind::Universal);
  EXPECT_TRUE(Matcher::compile(EVR_LO, "  ", true).is_empty());
  EXPECT_EQ(Matcher::compile(EVR_UI, "*", true).kind(), MatchKind::Universal);
  EXPECT_FALSE(Matcher::compile(EVR_UI, "*", true).is_empty());
  EXPECT_TRUE(matches(EVR_LO, "*", ""));
  EXPECT_TRUE(matches(EVR_SH, " A1 ", "A1"));
  EXPECT_TRUE(matches(EVR_SH, "A1", " A1 "));
  EXPECT_FALSE(matches(EVR_SH, "a1", "A1"));
  EXPECT_TRUE(matches(EVR_PN, "гусева*", "Гусева Е.Н^Амур", false));
  EXPECT_FALSE(matches(EVR_PN, "GUSEVA*", "Гусева", false));
}

TEST(Match, Lists) {
  EXPECT_EQ(Matcher::compile(EVR_UI, "1.2\\1.3", true).kind(), MatchKind::List);
  EXPECT_TRUE(matches(EVR_UI, "1.2\\1.3", "1.3"));
  EXPECT_FALSE(matches(EVR_UI, "1.2\\1.3", "1.4"));
  EXPECT_FALSE(matches(EVR_LO, "HEL*\\WOR*", "HELLO")) << "no wildcards in lists";
  EXPECT_TRUE(matches(EVR_PN, "HELLO\\world", "World", false));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "1.2." + std::to_string(i) + "\\";
  EXPECT_TRUE(matches(EVR_UI, many + "1.3", "1.2.999"));
}

TEST(Match, Wildcards) {
  EXPECT_TRUE(matches(EVR_LO, "H?L*O", "HELLO"));
  EXPECT_FALSE(matches(EVR_LO, "H?L", "HELLO"));
  EXPECT_TRUE(matches(EVR_LO, "M?ller", "Müller")) << "one character, not one byte";
  EXPECT_TRUE(matches(EVR_PN, "*hIlUm*", "The HILUM Patient", false));
  EXPECT_EQ(Matcher::compile(EVR_PN, "SMI*H", false).prefix(), "SMI");
  EXPECT_EQ(Matcher::compile(EVR_PN, "*H", false).prefix(), "");
  for (const DcmEVR vr : {EVR_DA, EVR_TM, EVR_UI, EVR_IS})
    EXPECT_EQ(code_of([&] { Matcher::compile(vr, "12*", true); }), HILUM_E_OUT_OF_RANGE);
}

TEST(Match, WildcardsTakeLinearTime) {
  std::string pattern;
  for (int i = 0; i < 10000; ++i) pattern += "*a";
  const std::clock_t start = std::clock();  // of the processor: the machine may be busy
  EXPECT_FALSE(wildcard_match(pattern + "b", std::string(20000, 'a')));
  EXPECT_FALSE(wildcard_match(std::string(10000, '*') + "b", std::string(20000, 'a')));
  EXPECT_TRUE(wildcard_match(pattern, std::string(20000, 'a')));
  EXPECT_LT(std::clock() - start, 10 * CLOCKS_PER_SEC);
}

TEST(Match, Ranges) {
  EXPECT_TRUE(matches(EVR_DA, "20000101-20001231", "20000101"));
  EXPECT_TRUE(matches(EVR_DA, "20000101-20001231", "20001231"));
  EXPECT_FALSE(matches(EVR_DA, "20000101-20001231", "20010101"));
  EXPECT_TRUE(matches(EVR_DA, "20000101-", "99990101"));
  EXPECT_TRUE(matches(EVR_DA, "-20000101", "")) << "no lower bound: empty values, too";
  EXPECT_FALSE(matches(EVR_DA, "20000101-", ""));
  EXPECT_EQ(Matcher::compile(EVR_TM, "-", true).kind(), MatchKind::Universal);
  EXPECT_EQ(Matcher::compile(EVR_DA, "2000-2001\\2002", true).upper(), "2001\\2002");
  EXPECT_FALSE(matches(EVR_TM, "12", "120000"));
  EXPECT_TRUE(matches(EVR_LO, "A-B", "A-B")) << "ranges are for dates and times";
}

TEST(Match, RulesOfTheRestApi) {
  const auto rest = [](Tag tag, std::string_view query, std::string_view value) {
    return Matcher::for_rest(tag, query, false).matches(value);
  };
  constexpr Tag kStudyTime = 0x00080030, kSliceThickness = 0x00180050, kUnknownPrivate = 0x00091234;
  EXPECT_TRUE(rest(kAccessionNumber, "a1", "A1")) << "case of all VRs";
  EXPECT_FALSE(rest(kAccessionNumber, " A1 ", "A1")) << "spaces count";
  EXPECT_FALSE(rest(kAccessionNumber, "A1", " A1 "));
  EXPECT_TRUE(rest(kPatientName, "JÉR*", "Jérôme"));
  EXPECT_FALSE(rest(kPatientName, "JER*", "Jérôme"));
  EXPECT_TRUE(Matcher::for_rest(kStudyDate, "-", false).is_empty());
  EXPECT_FALSE(Matcher::for_rest(kPatientName, "-", false).is_empty());
  EXPECT_TRUE(Matcher::for_rest(kStudyDate, "", false).is_empty());
  EXPECT_FALSE(Matcher::for_rest(kPatientName, "*", false).is_empty());
  EXPECT_EQ(Matcher::for_rest(kPatientName, "a***b**", false).pattern(), "a*b*");
  for (const Tag tag : {kStudyDate, kStudyTime, kStudyInstanceUid, kSliceThickness, kUnknownPrivate})
    for (const char* query : {"*", "1?", "**"})
      EXPECT_EQ(code_of([&] { Matcher::for_rest(tag, query, false); }), HILUM_E_OUT_OF_RANGE) << query;
  EXPECT_EQ(code_of([&] { Matcher::for_rest(kStudyDate, "2000*-", false); }), HILUM_E_OUT_OF_RANGE);
  EXPECT_FALSE(rest(kSliceThickness, "1*\\2", "12")) << "no wildcards in lists, hence no mistake either";
}

TEST(Normalize, Identifiers) {
  EXPECT_EQ(normalize_identifier("  Müller^Jörg "), "MULLER^JORG");
  EXPECT_EQ(normalize_identifier("100%_sure\x01"), "100  SURE");
  EXPECT_EQ(normalize_identifier("Straße"), normalize_identifier("STRASSE"));
  EXPECT_EQ(normalize_identifier("гусева"), normalize_identifier("ГУСЕВА"));
  EXPECT_EQ(normalize_identifier("山田^太郎"), "山田^太郎");
  EXPECT_EQ(normalize_identifier(" \t "), "");
}

TEST(Normalize, EqualButForCaseMeansEqualKeys) {
  for (const char* text : {"Élodie", "ΣΊΣΥΦΟΣ", "İstanbul", "ÅNGSTRÖM", "K"})
    EXPECT_EQ(normalize_identifier(text), normalize_identifier(fold_case(text))) << text;
}

}  // namespace
}  // namespace hilum::dicom
