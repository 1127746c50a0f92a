// Attribute matching of C-FIND and of /tools/find (PS3.4 section C.2.2.2).
#pragma once

#include <hilum/dicom/tag.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::dicom {

enum class MatchKind : uint8_t {
  Universal,  // anything present
  Single,
  List,
  Wildcard,
  Range,
};

// A query value made ready for comparison. Immutable; any thread.
class Matcher {
 public:
  // `value` is UTF-8. `case_sensitive` rules the comparison of single, list and wildcard values. `ranges`: a
  // '-' in DA, TM and DT means a range; `lists`: '\' separates alternatives. Throws
  // Error(HILUM_E_OUT_OF_RANGE) for wildcards in a VR that has none (a lone `*` there is universal: many
  // modalities send it).
  static Matcher compile(DcmEVR vr, std::string_view value, bool case_sensitive);
  // By the rules of the REST API: the VR is that of the dictionary, spaces around values count, a lone `-` in
  // DA, TM and DT demands nothing (is_empty), `*` needs a known VR with wildcards unless it stands in a
  // list, where it means itself. Throws
  // Error(HILUM_E_OUT_OF_RANGE) that names the tag.
  static Matcher for_rest(Tag tag, std::string_view value, bool case_sensitive);

  // Whether a stored value (UTF-8; "" if the tag is present but empty) matches. An absent tag matches nothing
  // but universal keys with an empty query: the caller decides.
  bool matches(std::string_view value) const;

  MatchKind kind() const { return kind_; }
  bool case_sensitive() const { return case_sensitive_; }
  // The query was empty (PS3.4: the key is only to be returned). A lone `*` is universal but needs a present
  // tag.
  bool is_empty() const { return empty_; }

  // For the planner of an index. As written in the query, surrounding spaces removed.
  const std::vector<std::string>& alternatives() const { return alternatives_; }  // Single: 1, List: n
  const std::string& pattern() const { return pattern_; }                         // Wildcard
  // The text before the first wildcard; "" if the pattern starts with one.
  const std::string& prefix() const { return prefix_; }
  // Bounds of a range, both inclusive; "" is open.
  const std::string& lower() const { return lower_; }
  const std::string& upper() const { return upper_; }

 private:
  void set(DcmEVR vr, std::string_view value, bool case_sensitive);

  MatchKind kind_ = MatchKind::Universal;
  bool case_sensitive_ = true;
  bool empty_ = false;
  bool spaces_count_ = false;
  std::vector<std::string> alternatives_;
  std::vector<std::string> folded_;  // alternatives or pattern, case-folded
  std::string pattern_;
  std::string prefix_;
  std::string lower_;
  std::string upper_;
};

// Whole-value match of `*` and `?` (one Unicode character). At most linear space and |pattern| x |text| time.
bool wildcard_match(std::string_view pattern, std::string_view text);

}  // namespace hilum::dicom
