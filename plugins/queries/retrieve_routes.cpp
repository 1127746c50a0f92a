// POST /queries/{id}/retrieve and /queries/{id}/answers/{index}/retrieve: what was found is fetched, by the routes
// /modalities/{id}/move and /get, whose jobs these are.
#include <hilum/rest/error_payload.h>
#include <hilum/rest/job_answer.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/remote_query.h>
#include <hilum/rest/styled_json.h>

#include <algorithm>
#include <array>

#include "routes.h"

namespace hilum::queries {

namespace {

constexpr size_t kLongestBody = 4u << 20;

// An object with arguments; a text, also as JSON, is the title of the target as it stands there.
Json::Value read_arguments(const Request& request) {
  const std::string body = request.body(kLongestBody);
  std::optional<Json::Value> value = rest::parse_json(body);
  if (value && value->isObject()) return std::move(*value);
  if (value && (value->isArray() || value->isBool() || value->isNull())) {
    throw Error(HILUM_E_BAD_FORMAT, "The body must be a JSON object, or the title of the target");
  }
  Json::Value arguments(Json::objectValue);
  if (!body.empty()) arguments["TargetAet"] = value && value->isString() ? value->asString() : body;
  return arguments;
}

bool uses_get(const Context& context, const Query& query, const Json::Value& arguments) {
  std::string method = rest::text_field(arguments, "RetrieveMethod").value_or("");
  if (method.empty()) {
    const std::string definition = context.queries.modalities().get(query.question.modality);
    const std::optional<Json::Value> parsed = rest::parse_json(definition);
    if (parsed && (*parsed)["RetrieveMethod"].isString()) method = (*parsed)["RetrieveMethod"].asString();
  }
  if (method.empty() || method == "SystemDefault") {
    method = context.queries.services().config.text("DicomDefaultRetrieveMethod");
  }
  if (method == "C-GET") return true;
  if (method == "C-MOVE") return false;
  throw Error(HILUM_E_OUT_OF_RANGE, "RetrieveMethod must be C-MOVE or C-GET, not: " + method.substr(0, 64));
}

// What the answer is known by, in the form that /move and /get take.
Json::Value resource_of(const Context& context, const Query& query, size_t index) {
  constexpr dicom::Tag kSopClassesInStudy = 0x00080062;
  Json::Value resource(Json::objectValue);
  for (const auto& [tag, value] : identifiers_of(context.queries.services(), query, index)) {
    resource[dicom::format_tag(tag)] = value;
  }
  const dicom::QueryKeys all =
      rest::keys_of(query.answers[index], context.queries.services().default_encoding());
  if (const auto classes = all.find(kSopClassesInStudy); classes != all.end() && !classes->second.empty()) {
    resource[dicom::format_tag(kSopClassesInStudy)] = classes->second;
  }
  return resource;
}

Json::Value body_of(const Context& context, const Query& query, const Json::Value& arguments,
                    const std::vector<size_t>& indices) {
  Json::Value body(Json::objectValue);
  constexpr std::array<const char*, 10> kPassed = {"Asynchronous", "Full",     "Permissive", "Priority",
                                                   "Short",        "Simplify", "TargetAet",  "Synchronous",
                                                   "Timeout",      "UserData"};
  for (const char* name : kPassed) {
    if (arguments.isMember(name)) body[name] = arguments[name];
  }
  if (body.isMember("Timeout") && !body["Timeout"].isUInt()) {
    throw Error(HILUM_E_BAD_TYPE, "Unsigned integer expected in field: Timeout");
  }
  if (!body.isMember("Timeout") && query.question.timeout) body["Timeout"] = *query.question.timeout;
  if (!query.question.local_aet.empty()) body["LocalAet"] = query.question.local_aet;
  body["Level"] = dicom::query_level_term(query.question.level);
  body["Resources"] = Json::arrayValue;
  for (const size_t index : indices) body["Resources"].append(resource_of(context, query, index));
  return body;
}

// The error of the inner call, as one of this route.
[[noreturn]] void throw_error(const RestAnswer& inner) {
  const std::optional<Json::Value> body = rest::parse_json(inner.body);
  if (!body || !body->isObject() || !(*body)["OrthancStatus"].isInt()) {
    if (inner.status != 404 && inner.body.empty()) {  // HttpDescribeErrors is off
      throw Error(HILUM_E_NETWORK, inner.status, "", "what was found could not be fetched");
    }
    throw Error(HILUM_E_INTERNAL, "the plugin \"modalities\" is needed to fetch what was found");
  }
  throw Error((*body)["OrthancStatus"].asInt(), inner.status, (*body)["Message"].asString(),
              (*body)["Details"].asString());
}

void retrieve(const Context& context, const Query& query, const std::vector<size_t>& indices,
              const Request& request, Answer& answer) {
  const Json::Value arguments = read_arguments(request);
  const std::string verb = uses_get(context, query, arguments) ? "/get" : "/move";
  const std::string body = rest::compact(body_of(context, query, arguments, indices));
  const RestAnswer inner = context.rest.post("/modalities/" + query.question.modality + verb, body);
  constexpr int32_t kOk = 200;
  if (inner.status == kOk) return answer.json(inner.body);
  try {
    throw_error(inner);
  } catch (const Error& error) {
    const std::optional<Json::Value> failed = rest::parse_json(inner.body);
    const std::string payload = failed && failed->isObject() && failed->isMember("ErrorPayload")
                                    ? rest::compact((*failed)["ErrorPayload"])
                                    : std::string();
    rest::answer_error(context.queries.services().config, request, answer, error, payload);
  }
}

void retrieve_all(const Context& context, const Request& request, Answer& answer) {
  const std::shared_ptr<const Query> query = context.queries.require(request.parameter("id"));
  std::vector<size_t> indices(query->answers.size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  retrieve(context, *query, indices, request, answer);
}

void retrieve_one(const Context& context, const Request& request, Answer& answer) {
  const std::shared_ptr<const Query> query = context.queries.require(request.parameter("id"));
  retrieve(context, *query, {answer_index(request, *query)}, request, answer);
}

}  // namespace

void add_retrieve_routes(Routes& routes, const Context& context) {
  std::vector<RouteArgument> arguments = {
      {HILUM_IN_BODY, "TargetAet", "string",
       "Where to, by C-MOVE; the server itself if absent. Or the body itself is this title, as plain text"},
      {HILUM_IN_BODY, "RetrieveMethod", "string",
       "C-MOVE or C-GET; that of the modality or the option DicomDefaultRetrieveMethod if absent"},
      {HILUM_IN_BODY, "Timeout", "integer", "Seconds to wait; 0: without limit"},
      {HILUM_IN_BODY, "Simplify", "boolean", "The answer has tags by their names"},
      {HILUM_IN_BODY, "Short", "boolean",
       "The answer has tags by their numbers, as without any of the three"},
      {HILUM_IN_BODY, "Full", "boolean", "The answer has tags with number, name and type"},
  };
  for (RouteArgument& argument : rest::job_route_arguments()) arguments.push_back(std::move(argument));
  routes.add({HILUM_POST, "/queries/{id}/retrieve", "Fetches all answers", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_EXPORT, arguments},
             [&context](Request& request, Answer& answer) { retrieve_all(context, request, answer); });
  routes.add({HILUM_POST, "/queries/{id}/answers/{index}/retrieve", "Fetches one answer", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_EXPORT, arguments},
             [&context](Request& request, Answer& answer) { retrieve_one(context, request, answer); });
}

}  // namespace hilum::queries
