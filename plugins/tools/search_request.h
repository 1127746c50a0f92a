// What the bodies of /tools/find and /tools/count-resources ask for.
#pragma once

#include <hilum/cpp/query.h>
#include <hilum/dicom/match.h>
#include <hilum/rest/call.h>
#include <hilum/rest/details.h>
#include <json/json.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::tools {

// A tag that is to be compared with what one file of each candidate says.
struct FileConstraint {
  dicom::Tag tag = 0;
  dicom::Matcher matcher;
};

struct SearchRequest {
  IndexQuery query;  // what the index decides
  // Tags that are not in the index: a match of the index is a match only if a file confirms it.
  std::vector<FileConstraint> outside;
  // Tags that the configuration has added to the index: to be confirmed for resources that are older.
  std::vector<FileConstraint> added;
  bool is_impossible = false;
  bool case_sensitive = false;
  bool expand = false;
  rest::DetailOptions details;
};

// Throw Errors of the 4xx for what is malformed. The snapshot tells whether parents exist.
SearchRequest parse_find(const rest::Services& services, const QueryService& queries,
                         const Snapshot& snapshot, const Json::Value& body);
SearchRequest parse_count(const rest::Services& services, const QueryService& queries,
                          const Snapshot& snapshot, const Json::Value& body);

// "Patient", "studies", "image"... in any case; nothing for other texts.
std::optional<uint32_t> find_level(std::string_view name);
// A Boolean member, or `otherwise`. Throws HILUM_E_BAD_FORMAT for anything else.
bool boolean_member(const Json::Value& body, const char* name, bool otherwise = false);
// Of the members Full, Short and Simplify.
dicom::JsonFormat format_members(const Json::Value& body);

}  // namespace hilum::tools
