#include <hilum/cpp/error.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/call.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/named_resources.h>
#include <hilum/rest/styled_json.h>

#include <unordered_set>

namespace hilum::rest {

namespace {

Error no_json() {
  return Error(
      HILUM_E_BAD_FORMAT,
      "Must provide a JSON value: the id of a resource, a list of ids, or an object with the list \"Resources\"");
}

std::string checked_id(const Json::Value& value) {
  const std::string text = value.isString() ? value.asString() : std::string();
  const std::string_view id = strip(text);
  if (!dicom::PublicId::parse(id)) {
    throw Error(HILUM_E_BAD_FORMAT,
                "Resources are named by the ids of patients, studies, series or instances, not by " +
                    compact(value).substr(0, 128));
  }
  return std::string(id);
}

}  // namespace

Json::Value read_resources_body(std::string_view body) {
  // First what most clients send: an id may begin like a number.
  const std::string_view text = strip(body);
  if (dicom::PublicId::parse(text)) return Json::Value(std::string(text));
  std::optional<Json::Value> value = parse_json(body);
  if (!value || !(value->isString() || value->isArray() || value->isObject())) throw no_json();
  return std::move(*value);
}

std::vector<std::string> named_ids(const Json::Value& body) {
  const Json::Value* list = &body;
  if (body.isObject()) {
    if (!body.isMember("Resources")) throw Error(HILUM_E_BAD_FORMAT, "Missing field in JSON: \"Resources\"");
    list = &body["Resources"];
    if (!list->isArray()) throw Error(HILUM_E_BAD_FORMAT, "JSON field \"Resources\" must contain an array");
  }
  std::vector<std::string> ids;
  if (list->isString()) {
    ids.push_back(checked_id(*list));
  } else {
    for (const Json::Value& item : *list) ids.push_back(checked_id(item));
  }
  return ids;
}

FoundResources find_named(const Snapshot& snapshot, const std::vector<std::string>& ids) {
  FoundResources found;
  std::unordered_set<dicom::PublicId> seen;
  const auto add = [&](std::string_view text) {
    const std::optional<dicom::PublicId> id = dicom::PublicId::parse(text);
    if (id && seen.insert(*id).second) found.instances.push_back(*id);
  };
  for (const std::string& id : ids) {
    const Resource resource = require(snapshot, id);
    found.resources.push_back({id, resource.level()});
    if (resource.level() == HILUM_INSTANCE) {
      add(id);
    } else {
      resource.descendants(HILUM_INSTANCE, add);
    }
  }
  return found;
}

}  // namespace hilum::rest
