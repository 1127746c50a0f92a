#include "change_types.h"

#include <hilum/cpp/error.h>
#include <hilum/events.h>
#include <hilum/rest/arguments.h>

#include <algorithm>

namespace hilum::changes {

namespace {

struct Name {
  const char* name;
  uint32_t type;
};

// Those without a constant are known to clients, but never logged.
constexpr Name kNames[] = {
    {"CompletedSeries", HILUM_EVENT_COMPLETED_SERIES},
    {"NewInstance", HILUM_EVENT_NEW_INSTANCE},
    {"NewPatient", HILUM_EVENT_NEW_PATIENT},
    {"NewSeries", HILUM_EVENT_NEW_SERIES},
    {"NewStudy", HILUM_EVENT_NEW_STUDY},
    {"AnonymizedStudy", 6},
    {"AnonymizedSeries", 7},
    {"ModifiedStudy", 8},
    {"ModifiedSeries", 9},
    {"AnonymizedPatient", 10},
    {"ModifiedPatient", 11},
    {"StablePatient", HILUM_EVENT_STABLE_PATIENT},
    {"StableStudy", HILUM_EVENT_STABLE_STUDY},
    {"StableSeries", HILUM_EVENT_STABLE_SERIES},
    {"UpdatedAttachment", HILUM_EVENT_UPDATED_ATTACHMENT},
    {"UpdatedMetadata", HILUM_EVENT_UPDATED_METADATA},
    {"Deleted", HILUM_EVENT_DELETED},
    {"NewChildInstance", HILUM_EVENT_NEW_CHILD_INSTANCE},
};

}  // namespace

std::string name_of(uint32_t type) {
  for (const Name& entry : kNames) {
    if (entry.type == type) return entry.name;
  }
  return std::to_string(type);
}

std::vector<uint32_t> types_of(std::string_view names) {
  std::vector<uint32_t> types;
  for (const std::string& name : rest::split(names, ';')) {
    if (name.empty()) continue;
    const auto found = std::find_if(std::begin(kNames), std::end(kNames),
                                    [&](const Name& entry) { return name == entry.name; });
    if (found == std::end(kNames)) {
      throw Error(HILUM_E_OUT_OF_RANGE, "no change is called \"" + name.substr(0, 100) +
                                            "\": give names like NewStudy, separated by semicolons");
    }
    if (std::find(types.begin(), types.end(), found->type) == types.end()) types.push_back(found->type);
  }
  return types;
}

}  // namespace hilum::changes
