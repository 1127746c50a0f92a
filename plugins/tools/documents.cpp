// What the server says about itself: GET /tools, /tools/dicom-conformance and /openapi.json.
#include <hilum/dicom/json_writer.h>

#include <set>

#include "tools.h"

namespace hilum::tools {

namespace {

constexpr std::string_view kTools = "/tools/";

// The first segment below /tools of each route, whichever plugin has it.
std::set<std::string> tools_of(Host host, const hilum_server_draft& server) {
  std::set<std::string> names;
  const auto collect = [](void* context, const hilum_route_info* route) -> int32_t {
    try {
      const std::string_view path = to_view(route->path);
      if (path.substr(0, kTools.size()) == kTools) {
        const std::string_view rest = path.substr(kTools.size());
        static_cast<std::set<std::string>*>(context)->emplace(rest.substr(0, rest.find('/')));
      }
      return 0;
    } catch (...) {
      return 1;  // out of memory: what there is has to do
    }
  };
  host.check(server.routes(host.get(), collect, &names));
  return names;
}

void answer_tools(Host host, const hilum_server_draft& server, Answer& answer) {
  std::string body;
  dicom::JsonWriter json(body);
  json.begin_array();
  for (const std::string& name : tools_of(host, server)) json.string(name);
  json.end_array();
  answer.json(body);
}

}  // namespace

void add_document_routes(Routes& routes, Host host, const hilum_server_draft& server) {
  routes.add({HILUM_GET, "/tools", "Lists what is below /tools", HILUM_ANSWER_JSON, HILUM_PERMISSION_STATUS},
             [host, &server](Request&, Answer& answer) { answer_tools(host, server, answer); });
  routes.add({HILUM_GET, "/tools/dicom-conformance", "The DICOM conformance statement", HILUM_ANSWER_TEXT,
              HILUM_PERMISSION_STATUS},
             [host, &server](Request&, Answer& answer) {
               StringSink sink;
               host.check(server.dicom_conformance(host.get(), sink.sink()));
               answer.text(sink.text());
             });
  routes.add({HILUM_GET,
              "/openapi.json",
              "All routes as an OpenAPI document",
              HILUM_ANSWER_JSON,
              HILUM_PERMISSION_STATUS,
              {},
              "hilum"},
             [host, &server](Request&, Answer& answer) {
               StringSink sink;
               host.check(server.openapi(host.get(), sink.sink()));
               answer.json(sink.text());
             });
}

}  // namespace hilum::tools
