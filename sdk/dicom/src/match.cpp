#include <hilum/cpp/error.h>
#include <hilum/dicom/match.h>
#include <hilum/dicom/normalize.h>

#include <algorithm>

namespace hilum::dicom {
namespace {

bool has_ranges(DcmEVR vr) { return vr == EVR_DA || vr == EVR_TM || vr == EVR_DT; }

bool has_wildcards(DcmEVR vr) {
  switch (vr) {
    case EVR_AE:
    case EVR_CS:
    case EVR_LO:
    case EVR_LT:
    case EVR_PN:
    case EVR_SH:
    case EVR_ST:
    case EVR_UC:
    case EVR_UR:
    case EVR_UT:
    case EVR_UN:
    case EVR_UNKNOWN:
      return true;
    default:
      return false;
  }
}

// Length of the UTF-8 character at `i`; the matcher must not read behind invalid text.
size_t character_length(std::string_view text, size_t i) {
  const auto first = static_cast<unsigned char>(text[i]);
  const size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return std::min(length, text.size() - i);
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('\\', start), text.size());
    parts.emplace_back(strip_spaces(text.substr(start, end - start)));
    start = end + 1;
  }
  return parts;
}

}  // namespace

// Greedy with one point of return (the last star): no star before it ever has to be tried again.
bool wildcard_match(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t after_star = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t += character_length(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      after_star += character_length(text, after_star);
      t = after_star;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Matcher Matcher::compile(DcmEVR vr, std::string_view value, bool case_sensitive) {
  value = strip_spaces(value);
  Matcher matcher;
  matcher.case_sensitive_ = case_sensitive;
  if (value.empty()) {
    matcher.empty_ = true;
    return matcher;
  }
  if (value.find_first_not_of('*') == std::string_view::npos) return matcher;  // universal
  const auto fold = [&](std::string_view text) {
    return case_sensitive ? std::string(text) : fold_case(text);
  };
  const bool wild = value.find_first_of("*?") != std::string_view::npos;
  if (wild && !has_wildcards(vr))
    throw Error(HILUM_E_OUT_OF_RANGE,
                "wildcards are not allowed in a query value of VR " + std::string(vr_name(vr)));
  const size_t dash = has_ranges(vr) ? value.find('-') : std::string_view::npos;
  if (dash != std::string_view::npos) {
    matcher.lower_ = strip_spaces(value.substr(0, dash));
    matcher.upper_ = strip_spaces(value.substr(dash + 1));
    if (!matcher.lower_.empty() || !matcher.upper_.empty()) matcher.kind_ = MatchKind::Range;
  } else if (value.find('\\') != std::string_view::npos) {
    // Items are compared as they are: no wildcards in them.
    matcher.kind_ = MatchKind::List;
    matcher.alternatives_ = split(value);
  } else if (wild) {
    matcher.kind_ = MatchKind::Wildcard;
    matcher.pattern_ = value;
    matcher.prefix_ = value.substr(0, value.find_first_of("*?"));
    matcher.folded_.push_back(fold(value));
  } else {
    matcher.kind_ = MatchKind::Single;
    matcher.alternatives_.emplace_back(value);
  }
  for (const std::string& alternative : matcher.alternatives_) matcher.folded_.push_back(fold(alternative));
  std::sort(matcher.folded_.begin(), matcher.folded_.end());
  return matcher;
}

bool Matcher::matches(std::string_view value) const {
  if (kind_ == MatchKind::Universal) return true;
  const std::string_view stripped = strip_spaces(value);
  if (kind_ == MatchKind::Range)
    return (lower_.empty() || stripped >= lower_) && (upper_.empty() || stripped <= upper_);
  const std::string folded = case_sensitive_ ? std::string(stripped) : fold_case(stripped);
  if (kind_ == MatchKind::Wildcard) return wildcard_match(folded_.front(), folded);
  return std::binary_search(folded_.begin(), folded_.end(), folded);
}

}  // namespace hilum::dicom
