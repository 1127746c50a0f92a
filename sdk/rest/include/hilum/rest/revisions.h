// Revisions of what clients may change: ETag, If-None-Match, If-Match.
#pragma once

#include <hilum/cpp/http.h>
#include <hilum/index.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace hilum::rest {

// MD5 as 32 lower hexadecimal digits.
std::string md5_hex(std::string_view bytes);

// `"REVISION-MD5"`, quotes included.
std::string entity_tag(int64_t revision, std::string_view md5);

// Whether the client has this revision already (If-None-Match). Throws HILUM_E_OUT_OF_RANGE for a header that
// cannot be read.
bool client_has(const Request& request, int64_t revision, std::string_view md5);

// The condition for a write, by If-Match and the option CheckRevisions. Keeps what it points to.
class WriteCondition {
 public:
  enum class Kind { Put, Delete };
  // Throws HILUM_E_OUT_OF_RANGE (If-Match cannot be read) or HILUM_E_REVISION (it is missing).
  WriteCondition(const Request& request, Kind kind, bool check_revisions);
  WriteCondition(const WriteCondition&) = delete;
  WriteCondition& operator=(const WriteCondition&) = delete;

  const hilum_condition* get() const { return &condition_; }

 private:
  std::string md5_;
  hilum_condition condition_{};
};

}  // namespace hilum::rest
