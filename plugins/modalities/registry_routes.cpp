// /modalities, /modalities/{id} and its configuration.
#include <hilum/rest/arguments.h>
#include <hilum/rest/json_answer.h>
#include <hilum/rest/styled_json.h>

#include <set>

#include "routes.h"

namespace hilum::modalities {

namespace {

constexpr size_t kLongestDefinition = 1u << 20;

void list(const Context& context, const Request& request, Answer& answer) {
  const bool expand = rest::flag(request, "expand");
  rest::JsonAnswer json(answer);
  dicom::JsonWriter& writer = json.writer();
  expand ? writer.begin_object() : writer.begin_array();
  context.tools.modalities.list([&](std::string_view name, std::string_view definition) {
    if (expand) {
      writer.key(name);
      rest::write_json(writer, parse_definition(std::string(definition)));
    } else {
      writer.string(name);
    }
  });
  expand ? writer.end_object() : writer.end_array();
  json.finish();
}

// What there is below a modality, whichever plugin has it.
std::set<std::string> names_below(const Context& context) {
  std::set<std::string> names;
  const auto collect = [](void* found, const hilum_route_info* route) -> int32_t {
    constexpr std::string_view kBelow = "/modalities/{id}/";
    try {
      const std::string_view path = to_view(route->path);
      if (path.substr(0, kBelow.size()) == kBelow) {
        const std::string_view rest = path.substr(kBelow.size());
        static_cast<std::set<std::string>*>(found)->emplace(rest.substr(0, rest.find('/')));
      }
      return 0;
    } catch (...) {
      return 1;  // out of memory: what there is has to do
    }
  };
  context.tools.host.check(context.tools.server.routes(context.tools.host.get(), collect, &names));
  return names;
}

void list_below(const Context& context, const Request& request, Answer& answer) {
  if (!context.tools.modalities.find(request.parameter("id"))) return answer.bare(404);
  std::string body;
  dicom::JsonWriter json(body);
  json.begin_array();
  for (const std::string& name : names_below(context)) json.string(name);
  json.end_array();
  answer.json(body);
}

void configuration(const Context& context, const Request& request, Answer& answer) {
  answer.json(rest::styled(parse_definition(context.tools.modalities.get(request.parameter("id")))));
}

void put(const Context& context, const Request& request, Answer& answer) {
  context.tools.modalities.put(request.parameter("id"), request.body(kLongestDefinition));
  answer.empty();
}

void remove(const Context& context, const Request& request, Answer& answer) {
  context.tools.modalities.remove(request.parameter("id"));
  answer.empty();
}

}  // namespace

void add_registry_routes(Routes& routes, const Context& context) {
  const auto handler = [&context](auto function) {
    return [&context, function](Request& request, Answer& answer) { function(context, request, answer); };
  };
  routes.add({HILUM_GET,
              "/modalities",
              "Lists the DICOM systems that the server knows",
              HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW,
              {{HILUM_IN_QUERY, "expand", "boolean", "Definitions rather than names"}}},
             handler(list));
  routes.add({HILUM_GET, "/modalities/{id}", "Lists what can be done with a DICOM system", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW},
             handler(list_below));
  routes.add({HILUM_PUT, "/modalities/{id}", "Defines a DICOM system", HILUM_ANSWER_EMPTY,
              HILUM_PERMISSION_ADMINISTER, definition_arguments()},
             handler(put));
  routes.add({HILUM_DELETE, "/modalities/{id}", "Forgets a DICOM system", HILUM_ANSWER_EMPTY,
              HILUM_PERMISSION_ADMINISTER},
             handler(remove));
  routes.add({HILUM_GET, "/modalities/{id}/configuration", "The definition of a DICOM system",
              HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW},
             handler(configuration));
}

std::vector<RouteArgument> definition_arguments() {
  return {
      {HILUM_IN_BODY, "AET", "string", "Its application entity title, up to 16 characters"},
      {HILUM_IN_BODY, "Host", "string", "Its name or address in the network"},
      {HILUM_IN_BODY, "Port", "integer", "Its TCP port, 1 to 65534"},
      {HILUM_IN_BODY, "Manufacturer", "string", "Its habits: Generic, GE, ..."},
      {HILUM_IN_BODY, "AllowEcho", "boolean", "It may send C-ECHO"},
      {HILUM_IN_BODY, "AllowFind", "boolean", "It may send C-FIND"},
      {HILUM_IN_BODY, "AllowFindWorklist", "boolean", "It may ask for worklists"},
      {HILUM_IN_BODY, "AllowGet", "boolean", "It may send C-GET"},
      {HILUM_IN_BODY, "AllowMove", "boolean", "It may send C-MOVE"},
      {HILUM_IN_BODY, "AllowStore", "boolean", "It may send C-STORE"},
      {HILUM_IN_BODY, "AllowNAction", "boolean", "It may ask for storage commitment"},
      {HILUM_IN_BODY, "AllowEventReport", "boolean", "It may report storage commitment"},
      {HILUM_IN_BODY, "AllowStorageCommitment", "boolean", "Both of these"},
      {HILUM_IN_BODY, "AllowTranscoding", "boolean", "What it does not understand is transcoded for it"},
      {HILUM_IN_BODY, "UseDicomTls", "boolean", "It is called with TLS"},
      {HILUM_IN_BODY, "LocalAet", "string", "The title that the server uses for it, in place of DicomAet"},
      {HILUM_IN_BODY, "Timeout", "integer", "Seconds to wait for it; 0: DicomScuTimeout"},
      {HILUM_IN_BODY, "RetrieveMethod", "string", "How to fetch from it: C-MOVE or C-GET"},
      {HILUM_IN_BODY, "PermissiveStoreSopClasses", "array",
       "UIDs of SOP classes that are offered to it in any case"},
  };
}

}  // namespace hilum::modalities
