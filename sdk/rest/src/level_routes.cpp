#include <hilum/rest/level_routes.h>

#include <string>

namespace hilum::rest {

namespace {

std::string path_at(const char* pattern, const LevelInfo& level) {
  constexpr std::string_view kPlaceholder = "{level}";
  std::string path = pattern;
  return path.replace(path.find(kPlaceholder), kPlaceholder.size(), level.plural);
}

}  // namespace

void add_level_route(Routes& routes, const Services& services, const LevelRoute& row) {
  for (const LevelInfo& level : kLevels) {
    if ((row.levels & (1u << level.level)) == 0) continue;
    const Route route{row.method,
                      path_at(row.path, level),
                      std::string(level.name) + ": " + row.summary,
                      row.answer,
                      row.permission,
                      row.arguments,
                      row.since,
                      row.flags};
    routes.add(route, [&services, &level, handler = row.handler, target = row.target](Request& request,
                                                                                      Answer& answer) {
      Call call{services, level, target, request, answer};
      handler(call);
    });
  }
}

}  // namespace hilum::rest
