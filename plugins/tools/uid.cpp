// GET /tools/generate-uid.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <mutex>

#include "tools.h"

namespace hilum::tools {

namespace {

// The roots that DCMTK keeps for studies, series and instances.
const char* root_of(std::string_view level) {
  if (level == "study") return SITE_STUDY_UID_ROOT;
  if (level == "series") return SITE_SERIES_UID_ROOT;
  if (level == "instance") return SITE_INSTANCE_UID_ROOT;
  return nullptr;
}

std::string generate_uid(const char* root) {
  static std::mutex mutex;  // DCMTK counts without a lock
  const std::lock_guard<std::mutex> lock(mutex);
  char uid[100];  // at most 64 characters (PS3.5 section 9.1); DCMTK asks for this size
  return dcmGenerateUniqueIdentifier(uid, root);
}

// An unknown level is a plain 404, as clients of this API know it.
void get_uid(Request& request, Answer& answer) {
  const std::string_view level = request.query("level").value_or("");
  if (level == "patient") {
    static thread_local boost::uuids::random_generator generator;  // the system's randomness
    answer.text(boost::uuids::to_string(generator()));
  } else if (const char* root = root_of(level)) {
    answer.text(generate_uid(root));
  }
}

}  // namespace

void add_uid_routes(Routes& routes) {
  routes.add({HILUM_GET,
              "/tools/generate-uid",
              "A new identifier",
              HILUM_ANSWER_TEXT,
              HILUM_PERMISSION_STATUS,
              {{HILUM_IN_QUERY, "level", "string", "patient, study, series or instance"}}},
             get_uid);
}

}  // namespace hilum::tools
