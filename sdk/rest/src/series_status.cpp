#include <hilum/rest/arguments.h>
#include <hilum/rest/series_status.h>

#include <unordered_set>

namespace hilum::rest {

const char* series_status(const Snapshot& snapshot, const std::vector<std::string>& instances,
                          std::optional<int64_t> expected) {
  if (!expected) return "Unknown";
  std::unordered_set<int64_t> indexes;
  for (const std::string& id : instances) {
    std::optional<Resource> instance = snapshot.find(id, HILUM_INSTANCE);
    if (!instance) continue;
    std::optional<std::string> text;
    instance->metadata([&](int32_t key, std::string_view value, int64_t) {
      if (key == HILUM_METADATA_INDEX_IN_SERIES) text = value;
    });
    if (!text) continue;  // not counted
    std::optional<int64_t> index = parse_integer(*text);
    if (!index) return "Unknown";
    if (*index < 1 || *index > *expected || !indexes.insert(*index).second) return "Inconsistent";
  }
  return indexes.size() == static_cast<uint64_t>(*expected) ? "Complete" : "Missing";
}

}  // namespace hilum::rest
