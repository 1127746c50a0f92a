// /peers, /peers/{id}, /peers/{id}/configuration, /peers/{id}/system
#include <hilum/rest/arguments.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/styled_json.h>

#include "routes.h"

namespace hilum::peers {

namespace {

constexpr size_t kLongestDefinition = 256u << 10;
constexpr uint64_t kLongestSystem = 1u << 20;

void list(const Tools& tools, const Request& request, Answer& answer) {
  const bool expand = rest::flag(request, "expand");
  Json::Value json(expand ? Json::objectValue : Json::arrayValue);
  for (const Peer& peer : tools.registry.all()) {
    if (expand) {
      json[peer.name] = public_form(peer);
    } else {
      json.append(peer.name);
    }
  }
  answer.json(rest::styled(json));
}

void put(const Tools& tools, const Request& request, Answer& answer) {
  const std::optional<Json::Value> body = rest::parse_json(request.body(kLongestDefinition));
  if (!body)
    throw Error(HILUM_E_BAD_FORMAT, "The body must be JSON: [URL], [URL, user, password], or an object");
  tools.registry.put(parse_peer(request.parameter("id"), *body));
  answer.empty();
}

void remove(const Tools& tools, const Request& request, Answer& answer) {
  const std::string_view name = request.parameter("id");
  if (!tools.registry.remove(name)) {
    throw Error(HILUM_E_INEXISTENT_ITEM, "No peer with symbolic name: " + std::string(name.substr(0, 64)));
  }
  answer.empty();
}

void describe(const Tools& tools, const Request& request, Answer& answer) {
  if (!tools.registry.find(request.parameter("id"))) return answer.bare(404);
  Json::Value json(Json::arrayValue);
  for (const char* name : {"configuration", "store", "store-straight", "system"}) json.append(name);
  answer.json(rest::styled(json));
}

void system(const Tools& tools, const Request& request, Answer& answer) {
  const Peer peer = tools.registry.get(request.parameter("id"));
  const rest::DirectCalls::Call direct(tools.direct_calls);
  http_client::Client client(tools.http, tools.log);
  http_client::Request ask = request_to(peer, "GET", "system");
  ask.answer_limit = kLongestSystem;
  ask.is_cancelled = direct.is_cancelled();
  const http_client::Response response = client.perform(ask);
  if (!response.is_success()) {
    throw Error(HILUM_E_BAD_HTTP_STATUS,
                "peer " + peer.name + " has answered with HTTP status " + std::to_string(response.status));
  }
  if (!rest::parse_json(response.body))
    throw Error(HILUM_E_NETWORK, "peer " + peer.name + " has not answered with JSON");
  answer.bytes("application/json", response.body);
}

}  // namespace

void add_registry_routes(Routes& routes, const Tools& tools) {
  const auto bind = [&tools](auto handler) {
    return [&tools, handler](Request& request, Answer& answer) { handler(tools, request, answer); };
  };
  routes.add(
      {HILUM_GET,
       "/peers",
       "The names of the peers",
       HILUM_ANSWER_JSON,
       HILUM_PERMISSION_VIEW,
       {{HILUM_IN_QUERY, "expand", "boolean", "An object with their configurations instead of the names"}}},
      bind(list));
  routes.add(
      {HILUM_GET, "/peers/{id}", "What can be done with a peer", HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW},
      bind(describe));
  routes.add(
      {HILUM_PUT,
       "/peers/{id}",
       "Adds or changes a peer",
       HILUM_ANSWER_EMPTY,
       HILUM_PERMISSION_ADMINISTER,
       {{HILUM_IN_BODY, "URL", "string", "Where it is, http or https; Url is the same"},
        {HILUM_IN_BODY, "Username", "string", "For HTTP Basic authentication"},
        {HILUM_IN_BODY, "Password", "string", "Never shown again"},
        {HILUM_IN_BODY, "HttpHeaders", "object", "Headers of each request: values by names"},
        {HILUM_IN_BODY, "CertificateFile", "string", "Client certificate, a PEM file on the server"},
        {HILUM_IN_BODY, "CertificateKeyFile", "string", "Its key, a PEM file; absent: in the same file"},
        {HILUM_IN_BODY, "CertificateKeyPassword", "string", "The password of the key"},
        {HILUM_IN_BODY, "Timeout", "integer", "Seconds; 0: the option HttpTimeout"},
        {HILUM_IN_BODY, "Pkcs11", "boolean", "A certificate on a smart card; requests to such a peer fail"}}},
      bind(put));
  routes.add({HILUM_DELETE, "/peers/{id}", "Removes a peer", HILUM_ANSWER_EMPTY, HILUM_PERMISSION_ADMINISTER},
             bind(remove));
  routes.add({HILUM_GET, "/peers/{id}/configuration", "A peer without its secrets", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW},
             [&tools](Request& request, Answer& answer) {
               answer.json(rest::styled(public_form(tools.registry.get(request.parameter("id")))));
             });
  routes.add({HILUM_GET, "/peers/{id}/system", "What the peer answers to GET /system", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW},
             bind(system));
}

}  // namespace hilum::peers
