// The four levels and how the REST API calls them.
#pragma once

#include <hilum/index.h>

#include <cstdint>

namespace hilum::rest {

struct LevelInfo {
  hilum_level level;
  const char* plural;    // in paths
  const char* name;      // "Type" of the details
  const char* children;  // key of the array of children; null at the lowest level
  const char* parent;    // key of the parent; null at the highest level
};

inline constexpr LevelInfo kLevels[] = {
    {HILUM_PATIENT, "patients", "Patient", "Studies", nullptr},
    {HILUM_STUDY, "studies", "Study", "Series", "ParentPatient"},
    {HILUM_SERIES, "series", "Series", "Instances", "ParentStudy"},
    {HILUM_INSTANCE, "instances", "Instance", nullptr, "ParentSeries"},
};

inline const LevelInfo& level_info(uint32_t level) { return kLevels[level - HILUM_PATIENT]; }
inline uint32_t level_below(uint32_t level) { return level + 1; }
inline uint32_t level_above(uint32_t level) { return level - 1; }

}  // namespace hilum::rest
