// GET and PUT /tools/log-level and /tools/log-level-{category}.
#include <hilum/log.h>

#include "settings.h"
#include "tools.h"

namespace hilum::tools {

namespace {

struct LevelName {
  uint32_t level;
  const char* name;
};
constexpr LevelName kNames[] = {
    {HILUM_LOG_WARNING, "default"}, {HILUM_LOG_INFO, "verbose"}, {HILUM_LOG_TRACE, "trace"}};

const char* name_of(uint32_t level) {
  for (const LevelName& one : kNames) {
    if (one.level == level) return one.name;
  }
  throw Error(HILUM_E_INTERNAL, "a log level without a name");
}

uint32_t level_of(const std::string& name) {
  for (const LevelName& one : kNames) {
    if (name == one.name) return one.level;
  }
  throw Error(HILUM_E_OUT_OF_RANGE,
              "Verbosity can be \"default\", \"verbose\" or \"trace\": " + name.substr(0, 64));
}

}  // namespace

void add_log_level_routes(Routes& routes, const Settings& settings) {
  const auto add = [&](const std::string& path, const std::string& category, const std::string& what) {
    routes.add({HILUM_GET, path, "How much is logged" + what + ": default, verbose or trace",
                HILUM_ANSWER_TEXT, HILUM_PERMISSION_STATUS},
               [&settings, category](Request&, Answer& answer) {
                 answer.text(name_of(settings.log_level(category)));
               });
    routes.add({HILUM_PUT,
                path,
                "Sets how much is logged" + what,
                HILUM_ANSWER_EMPTY,
                HILUM_PERMISSION_ADMINISTER,
                {{HILUM_IN_BODY, "", "string", "default, verbose or trace"}}},
               [&settings, category](Request& request, Answer& answer) {
                 settings.set_log_level(category, level_of(short_body(request)));
                 answer.empty();
               });
  };
  add("/tools/log-level", "", "");
  for (const std::string& category : settings.log_categories()) {
    add("/tools/log-level-" + category, category, " of the category " + category);
  }
}

}  // namespace hilum::tools
