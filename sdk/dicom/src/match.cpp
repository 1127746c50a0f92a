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

std::vector<std::string> split(std::string_view text, bool strip) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('\\', start), text.size());
    const std::string_view part = text.substr(start, end - start);
    parts.emplace_back(strip ? strip_spaces(part) : part);
    start = end + 1;
  }
  return parts;
}

// Several stars in a row say what one says, and would be walked along for every value.
std::string without_repeated_stars(std::string_view pattern) {
  std::string result;
  for (const char c : pattern) {
    if (c != '*' || result.empty() || result.back() != '*') result += c;
  }
  return result;
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

Matcher Matcher::for_rest(Tag tag, std::string_view value, bool case_sensitive) {
  const DcmEVR vr = dictionary_vr(tag);
  if (has_ranges(vr) && value == "-") value = {};
  const bool is_range = has_ranges(vr) && value.find('-') != std::string_view::npos;
  const bool is_list = !is_range && value.find('\\') != std::string_view::npos;
  const bool may_be_wild = has_wildcards(vr) && vr != EVR_UN && vr != EVR_UNKNOWN;
  if (!is_list && !may_be_wild && value.find_first_of("*?") != std::string_view::npos)
    throw Error(HILUM_E_OUT_OF_RANGE, "Wildcards are not allowed on tag " + format_tag(tag));
  Matcher matcher;
  matcher.spaces_count_ = true;
  matcher.set(vr, value, case_sensitive);
  return matcher;
}

Matcher Matcher::compile(DcmEVR vr, std::string_view value, bool case_sensitive) {
  value = strip_spaces(value);
  if (value.find_first_of("*?") != std::string_view::npos && !has_wildcards(vr) &&
      value.find_first_not_of('*') != std::string_view::npos)
    throw Error(HILUM_E_OUT_OF_RANGE,
                "wildcards are not allowed in a query value of VR " + std::string(vr_name(vr)));
  Matcher matcher;
  matcher.set(vr, value, case_sensitive);
  return matcher;
}

void Matcher::set(DcmEVR vr, std::string_view value, bool case_sensitive) {
  case_sensitive_ = case_sensitive;
  if (value.empty()) {
    empty_ = true;
    return;
  }
  if (value.find_first_not_of('*') == std::string_view::npos) return;  // universal
  const auto fold = [&](std::string_view text) {
    return case_sensitive ? std::string(text) : fold_case(text);
  };
  const bool wild = has_wildcards(vr) && value.find_first_of("*?") != std::string_view::npos;
  const size_t dash = has_ranges(vr) ? value.find('-') : std::string_view::npos;
  if (dash != std::string_view::npos) {
    lower_ = strip_spaces(value.substr(0, dash));
    upper_ = strip_spaces(value.substr(dash + 1));
    if (!lower_.empty() || !upper_.empty()) kind_ = MatchKind::Range;
  } else if (value.find('\\') != std::string_view::npos) {
    // Items are compared as they are: no wildcards in them.
    kind_ = MatchKind::List;
    alternatives_ = split(value, !spaces_count_);
  } else if (wild) {
    kind_ = MatchKind::Wildcard;
    pattern_ = without_repeated_stars(value);
    prefix_ = value.substr(0, value.find_first_of("*?"));
    folded_.push_back(fold(pattern_));
  } else {
    kind_ = MatchKind::Single;
    alternatives_.emplace_back(value);
  }
  for (const std::string& alternative : alternatives_) folded_.push_back(fold(alternative));
  std::sort(folded_.begin(), folded_.end());
}

bool Matcher::matches(std::string_view value) const {
  if (kind_ == MatchKind::Universal) return true;
  const bool strip = !spaces_count_ || kind_ == MatchKind::Range;
  const std::string_view stripped = strip ? strip_spaces(value) : value;
  if (kind_ == MatchKind::Range)
    return (lower_.empty() || stripped >= lower_) && (upper_.empty() || stripped <= upper_);
  const std::string folded = case_sensitive_ ? std::string(stripped) : fold_case(stripped);
  if (kind_ == MatchKind::Wildcard) return wildcard_match(folded_.front(), folded);
  return std::binary_search(folded_.begin(), folded_.end(), folded);
}

}  // namespace hilum::dicom
