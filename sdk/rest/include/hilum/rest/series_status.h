// Whether a series has all the instances that it announces.
#pragma once

#include <hilum/cpp/index.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hilum::rest {

// "Unknown" without an expected number, or if an index is no integer; "Inconsistent" if an index is outside
// [1, expected] or there twice; "Complete" or "Missing" else. Reads the instances only if there is an
// expected number.
const char* series_status(const Snapshot& snapshot, const std::vector<std::string>& instances,
                          std::optional<int64_t> expected);

}  // namespace hilum::rest
