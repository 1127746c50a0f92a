// Bodies that name resources of any level: those of `store`.
#pragma once

#include <hilum/cpp/index.h>
#include <hilum/dicom/identity.h>
#include <json/json.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::rest {

struct NamedResource {
  std::string id;
  uint32_t level = 0;
};

// The JSON of a body: an id, a list of ids, or an object; an id may also stand there as plain text. Throws HILUM_E_BAD_FORMAT
// for anything else.
Json::Value read_resources_body(std::string_view body);

// The ids that such a body names; of an object, those of its list `Resources`. Throws HILUM_E_BAD_FORMAT.
std::vector<std::string> named_ids(const Json::Value& body);

// The resources, and the instances that they have below them, none twice. Throws HILUM_E_UNKNOWN_RESOURCE.
struct FoundResources {
  std::vector<NamedResource> resources;
  std::vector<dicom::PublicId> instances;
};
FoundResources find_named(const Snapshot& snapshot, const std::vector<std::string>& ids);

}  // namespace hilum::rest
