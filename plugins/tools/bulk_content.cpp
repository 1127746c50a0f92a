// POST /tools/bulk-content: descriptions of many resources at once.
#include <hilum/rest/json_answer.h>
#include <hilum/rest/json_body.h>

#include <algorithm>

#include "search_request.h"
#include "tools.h"

namespace hilum::tools {

namespace {

using rest::Services;

// Of a bulk request with a Level; larger ones belong into pages of /tools/find.
constexpr size_t kMaximumItems = 500'000;

std::optional<uint32_t> level_member(const Json::Value& body) {
  if (!body.isMember("Level")) return std::nullopt;
  if (!body["Level"].isString()) throw Error(HILUM_E_BAD_FORMAT, "String value expected in field: Level");
  const std::optional<uint32_t> level = find_level(body["Level"].asString());
  if (!level) throw Error(HILUM_E_OUT_OF_RANGE, "Field \"Level\" must be Patient, Study, Series or Instance");
  return level;
}

// Ids of the level that are, are above or are below what is listed: each once, ascending.
std::vector<std::string> at_level(const Snapshot& snapshot, std::vector<std::string> ids, uint32_t level) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<std::string> result;
  const auto add = [&](std::string_view id) {
    if (result.size() == kMaximumItems) {
      std::sort(result.begin(), result.end());
      result.erase(std::unique(result.begin(), result.end()), result.end());
      if (result.size() > kMaximumItems / 2) {
        throw Error(HILUM_E_BAD_REQUEST,
                    "more than " + std::to_string(kMaximumItems / 2) + " resources: ask for fewer at once");
      }
    }
    result.emplace_back(id);
  };
  for (const std::string& id : ids) {
    const std::optional<Resource> resource = snapshot.find(id);
    if (!resource) continue;
    if (resource->level() == level) {
      add(id);
    } else if (resource->level() > level) {
      add(resource->ancestor(level).id());
    } else {
      resource->descendants(level, add);
    }
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

void bulk_content(const Services& services, Request& request, Answer& answer) {
  const Json::Value body = rest::json_object_body(request);
  constexpr const char* kExpected = "List of strings expected in field: Resources";
  std::optional<std::vector<std::string>> ids =
      rest::string_list(body, "Resources", HILUM_E_BAD_FORMAT, kExpected);
  if (!ids) throw Error(HILUM_E_BAD_FORMAT, kExpected);
  rest::DetailOptions options;
  options.format = format_members(body);
  options.parts.metadata = boolean_member(body, "Metadata", true);
  const std::optional<uint32_t> level = level_member(body);

  const Snapshot snapshot = services.index.snapshot();
  if (level) ids = at_level(snapshot, *ids, *level);
  rest::JsonAnswer reply(answer);
  reply.writer().begin_array();
  for (const std::string& id : *ids) {
    if (const std::optional<Resource> resource = snapshot.find(id)) {
      rest::write_details(reply.writer(), services, snapshot, *resource, options);
    }
    reply.flush();
  }
  reply.writer().end_array();
  reply.finish();
}

}  // namespace

void add_bulk_content_routes(Routes& routes, const Services& services) {
  routes.add({HILUM_POST,
              "/tools/bulk-content",
              "Describes many resources",
              HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW,
              {{HILUM_IN_BODY, "Resources", "array", "Ids, of any level"},
               {HILUM_IN_BODY, "Level", "string",
                "Describes what is at this level: the ids' ancestors or descendants"},
               {HILUM_IN_BODY, "Metadata", "boolean", "Metadata, too; true by default"},
               {HILUM_IN_BODY, "Full", "boolean", "Tags with number, name and type"},
               {HILUM_IN_BODY, "Short", "boolean", "Tags by their numbers"},
               {HILUM_IN_BODY, "Simplify", "boolean", "Tags by their names (default)"}},
              "1.10"},
             [&services](Request& request, Answer& answer) { bulk_content(services, request, answer); });
}

}  // namespace hilum::tools
