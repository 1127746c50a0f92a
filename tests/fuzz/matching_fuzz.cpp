// Matching of C-FIND: "pattern \n text", compared with a plain table of all prefixes.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcvr.h>
#include <hilum/dicom/charset.h>
#include <hilum/dicom/match.h>
#include <hilum/dicom/normalize.h>

#include <vector>

#include "tests/fuzz/fuzz.h"

using namespace hilum;

namespace {

std::vector<std::string> characters(std::string_view utf8) {
  std::vector<std::string> all;
  for (const char c : utf8) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) all.emplace_back();
    all.back() += c;
  }
  return all;
}

bool slow_match(std::string_view pattern_text, std::string_view text_text) {
  const auto pattern = characters(pattern_text);
  const auto text = characters(text_text);
  std::vector<std::vector<char>> matches(pattern.size() + 1, std::vector<char>(text.size() + 1, 0));
  matches[0][0] = 1;
  for (size_t p = 1; p <= pattern.size(); ++p) {
    for (size_t t = 0; t <= text.size(); ++t) {
      if (pattern[p - 1] == "*") {
        matches[p][t] = matches[p - 1][t] || (t > 0 && matches[p][t - 1]);
      } else if (t > 0) {
        matches[p][t] = matches[p - 1][t - 1] && (pattern[p - 1] == "?" || pattern[p - 1] == text[t - 1]);
      }
    }
  }
  return matches[pattern.size()][text.size()];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view rest = fuzz::text_of(data + 1, size - 1);
  const std::string_view pattern = fuzz::take_until(rest, '\n');
  const bool matched = dicom::wildcard_match(pattern, rest);
  if (dicom::is_valid_utf8(pattern) && dicom::is_valid_utf8(rest) && size < 500) {
    fuzz::require(matched == slow_match(pattern, rest), "wildcards match as the table says");
  }
  if (!dicom::is_valid_utf8(pattern) || !dicom::is_valid_utf8(rest)) return 0;
  static constexpr DcmEVR kVrs[] = {EVR_PN, EVR_LO, EVR_DA, EVR_TM, EVR_DT, EVR_UI, EVR_IS, EVR_CS, EVR_UN};
  fuzz::accepted([&] {
    const auto matcher = dicom::Matcher::compile(kVrs[data[0] % std::size(kVrs)], pattern, data[0] & 0x80);
    const bool found = matcher.matches(rest);
    // What a planner of an index relies on.
    if (found && matcher.kind() == dicom::MatchKind::Wildcard && matcher.case_sensitive()) {
      fuzz::require(dicom::strip_spaces(rest).substr(0, matcher.prefix().size()) == matcher.prefix(),
                    "a match of a pattern starts with its prefix");
    }
  });
  const std::string folded = dicom::fold_case(rest);
  fuzz::require(dicom::fold_case(folded) == folded, "folding twice changes nothing");
  fuzz::require(dicom::is_valid_utf8(dicom::normalize_identifier(rest)), "search keys are UTF-8");
  return 0;
}
