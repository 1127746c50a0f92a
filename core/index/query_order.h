// Searches whose matches come in an order of the client's choice.
#pragma once

#include <functional>
#include <vector>

#include "core/index/query.h"

namespace hilum::index {

enum class OrderAs : uint8_t { kText, kInteger, kFloat };

// One criterion. Values compare bytewise as UTF-8, or as numbers; resources without a value (or, for numbers,
// without a number) come last, in both directions.
struct Ordering {
  std::optional<Tag> tag;    // a main tag of the level or above, or:
  int32_t metadata_key = 0;  // metadata of the queried level
  OrderAs as = OrderAs::kText;
  bool descending = false;
};

// Visits the matches in the order of the first criterion, equal ones in that of the next, and at last in that
// of their creation. Keeps the since + limit first ones; throws HILUM_E_BAD_REQUEST if that takes more than
// 64 MiB.
void find_ordered(const Snapshot& snapshot, const Query& query, const std::vector<Ordering>& orderings,
                  const std::function<bool(const Found&)>& visit);

}  // namespace hilum::index
