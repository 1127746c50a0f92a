// POST /tools/bulk-delete.
#include <hilum/rest/json_body.h>

#include "tools.h"

namespace hilum::tools {

namespace {

constexpr size_t kLongestBody = 16 << 20;  // some 300,000 ids

std::vector<std::string> ids_of(const Request& request) {
  const std::string details = "List of strings expected in field: Resources";
  const Json::Value body = rest::json_object_body(request, kLongestBody);
  auto ids = rest::string_list(body, "Resources", HILUM_E_BAD_FORMAT, details);
  if (!ids) throw Error(HILUM_E_BAD_FORMAT, details);
  return std::move(*ids);
}

// Ids that are unknown, or gone with one before them, are passed over.
void bulk_delete(const rest::Services& services, const hilum_server_draft& server, const Request& request,
                 Answer& answer) {
  for (const std::string& id : ids_of(request)) {
    give_up_if_stopping(services.host, server);
    try {
      services.index.delete_resource(id, 0);
    } catch (const Error& error) {
      if (error.code() != HILUM_E_UNKNOWN_RESOURCE) throw;
    }
  }
  answer.empty();
}

}  // namespace

void add_bulk_delete_routes(Routes& routes, const rest::Services& services,
                            const hilum_server_draft& server) {
  routes.add({HILUM_POST,
              "/tools/bulk-delete",
              "Deletes resources of any level",
              HILUM_ANSWER_EMPTY,
              HILUM_PERMISSION_DELETE,
              {{HILUM_IN_BODY, "Resources", "array", "Ids of patients, studies, series and instances"}},
              "1.12"},
             [&services, &server](Request& request, Answer& answer) {
               bulk_delete(services, server, request, answer);
             });
}

}  // namespace hilum::tools
