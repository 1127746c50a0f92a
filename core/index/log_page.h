// Pages of the logs of changes and exports.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "core/index/snapshot.h"

namespace hilum::index {

// Rows of other types that one page passes over before it ends, incomplete: 10 ms forwards, 100 ms from the
// end. So a filter that nothing fits costs a bounded time for each page, whatever the length of the log;
// and writing needs no keys by type, which every instance would pay for.
inline constexpr uint64_t kMostPassedOver = 100000;

// Rows with a sequence > since and <= to: the first `limit` of them, or the last; always ascending.
struct LogQuery {
  int64_t since = 0;
  int64_t to = std::numeric_limits<int64_t>::max();
  uint64_t limit = std::numeric_limits<uint64_t>::max();
  bool from_end = false;
  std::vector<uint16_t> types = {};  // of changes, ascending; empty: all
  uint64_t most_passed_over = kMostPassedOver;
};

struct LogPage {
  bool is_complete = true;      // no other row fits the query
  int64_t first = 0, last = 0;  // all rows between these were looked at, both included; 0, 0: there was none
};

// `visit` returns false to stop. Memory does not depend on `limit`.
LogPage read_changes(const Snapshot& snapshot, const LogQuery& query,
                     const std::function<bool(const Change&)>& visit);
// `types` is not looked at.
LogPage read_exports(const Snapshot& snapshot, const LogQuery& query,
                     const std::function<bool(const Export&)>& visit);

}  // namespace hilum::index
