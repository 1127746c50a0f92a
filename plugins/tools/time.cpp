// GET /tools/now and /tools/now-local.
#include <ctime>

#include "tools.h"

namespace hilum::tools {

namespace {

std::string time_text(const std::tm& time) {
  char text[16];
  const size_t length = std::strftime(text, sizeof text, "%Y%m%dT%H%M%S", &time);
  return {text, length};
}

void get_utc_time(Request&, Answer& answer) {
  const std::time_t now = std::time(nullptr);
  std::tm time{};
  gmtime_r(&now, &time);
  answer.text(time_text(time));
}

void get_local_time(Request&, Answer& answer) {
  const std::time_t now = std::time(nullptr);
  std::tm time{};
  localtime_r(&now, &time);
  answer.text(time_text(time));
}

}  // namespace

void add_time_routes(Routes& routes) {
  routes.add({HILUM_GET, "/tools/now", "The time in UTC", HILUM_ANSWER_TEXT, HILUM_PERMISSION_STATUS},
             get_utc_time);
  routes.add({HILUM_GET, "/tools/now-local", "The time in the server's time zone", HILUM_ANSWER_TEXT,
              HILUM_PERMISSION_STATUS},
             get_local_time);
}

}  // namespace hilum::tools
