// Reading the arguments that several routes share. What cannot be read is refused with an Error of the 4xx.
#pragma once

#include <hilum/cpp/http.h>
#include <hilum/dicom/json.h>
#include <hilum/dicom/tag.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::rest {

// A flag of the query: absent is `otherwise`, present without a value is true, else 1/true/0/false
// (HILUM_E_OUT_OF_RANGE for anything else).
bool flag(const Request& request, std::string_view name, bool otherwise = false);

// The form of tags: simplify wins over short, short over full. Their presence alone counts, whatever the
// value.
dicom::JsonFormat json_format(const Request& request, dicom::JsonFormat otherwise);

// A decimal integer with an optional sign; nothing if it is malformed or does not fit.
std::optional<int64_t> parse_integer(std::string_view text);

struct Page {
  uint64_t since = 0;
  uint64_t limit = UINT64_MAX;
};
// `since` and `limit`: both or none (HILUM_E_BAD_REQUEST), integers (HILUM_E_BAD_TYPE). A negative
// limit means all, a negative since none skipped.
Page page(const Request& request);

// A boolean body: 0, 1, true, false, spaces around it ignored. Throws HILUM_E_BAD_FORMAT.
bool boolean_body(const Request& request);

std::vector<std::string> split(std::string_view text, char separator);
std::string_view strip(std::string_view text);

// `ignore-length`: tags separated by commas. Throws HILUM_E_UNKNOWN_TAG.
std::vector<dicom::Tag> ignore_length(const Request& request);

}  // namespace hilum::rest
