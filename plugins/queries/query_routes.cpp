// POST /modalities/{id}/query; /queries, /queries/{id} and what was asked for.
#include <hilum/dicom/main_tags.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/job_answer.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/remote_query.h>

#include "routes.h"

namespace hilum::queries {

namespace {

void ask(const Context& context, const Request& request, Answer& answer) {
  Question question;
  question.modality = request.parameter("id");
  (void)context.queries.modalities().get(question.modality);
  const std::optional<Json::Value> body = rest::parse_json(request.body(4u << 20));
  if (!body || !body->isObject()) throw Error(HILUM_E_BAD_FORMAT, "The body must contain a JSON object");
  question.level = rest::read_query_level(*body);
  if (body->isMember("Query")) question.keys = rest::read_query_keys((*body)["Query"], HILUM_E_BAD_FORMAT);
  question.normalize = rest::boolean_field(*body, "Normalize", true);
  question.local_aet = rest::text_field(*body, "LocalAet", HILUM_E_BAD_FORMAT).value_or("");
  question.timeout = rest::seconds_field(*body, "Timeout");
  answer_query(answer, context.queries.ask(std::move(question)));
}

void list(const Context& context, const Request&, Answer& answer) {
  std::string text;
  dicom::JsonWriter json(text);
  json.begin_array();
  for (const std::string& id : context.queries.ids()) json.string(id);
  json.end_array();
  answer.json(text);
}

void list_below(const Context& context, const Request& request, Answer& answer) {
  (void)context.queries.require(request.parameter("id"));
  std::string text;
  dicom::JsonWriter json(text);
  json.begin_array();
  for (const char* name : {"answers", "level", "modality", "query", "retrieve"}) json.string(name);
  json.end_array();
  answer.json(text);
}

void remove(const Context& context, const Request& request, Answer& answer) {
  context.queries.remove(request.parameter("id"));
  answer.empty();
}

void level(const Context& context, const Request& request, Answer& answer) {
  answer.text(dicom::level_name(context.queries.require(request.parameter("id"))->question.level));
}

void modality(const Context& context, const Request& request, Answer& answer) {
  answer.text(context.queries.require(request.parameter("id"))->question.modality);
}

void keys(const Context& context, const Request& request, Answer& answer) {
  const std::shared_ptr<const Query> query = context.queries.require(request.parameter("id"));
  std::string text;
  dicom::JsonWriter json(text);
  rest::write_query_keys(json, query->question.keys, rest::json_format(request, dicom::JsonFormat::Full));
  answer.json(text);
}

}  // namespace

void answer_query(Answer& answer, const std::string& id) {
  std::string text;
  dicom::JsonWriter json(text);
  json.begin_object();
  json.member("ID", id);
  json.member("Path", "/queries/" + id);
  json.end_object();
  answer.json(text);
}

void add_query_routes(Routes& routes, const Context& context) {
  const auto handler = [&context](auto function) {
    return [&context, function](Request& request, Answer& answer) { function(context, request, answer); };
  };
  routes.add({HILUM_POST,
              "/modalities/{id}/query",
              "Asks a DICOM system for patients, studies, series or instances (C-FIND)",
              HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW,
              {{HILUM_IN_BODY, "Level", "string", "Patient, Study, Series or Instance"},
               {HILUM_IN_BODY, "Query", "object", "Texts by tag: what the answers must match"},
               {HILUM_IN_BODY, "Normalize", "boolean",
                "False: also send tags that are outside the modules of the level"},
               {HILUM_IN_BODY, "LocalAet", "string", "The title that the server uses"},
               {HILUM_IN_BODY, "Timeout", "integer", "Seconds to wait, now and when something is fetched"}}},
             handler(ask));
  routes.add(
      {HILUM_GET, "/queries", "Lists the queries that are kept", HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW},
      handler(list));
  routes.add({HILUM_GET, "/queries/{id}", "Lists what there is of a query", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW},
             handler(list_below));
  routes.add({HILUM_DELETE, "/queries/{id}", "Forgets a query", HILUM_ANSWER_EMPTY, HILUM_PERMISSION_VIEW},
             handler(remove));
  routes.add({HILUM_GET, "/queries/{id}/level", "The level that was asked for", HILUM_ANSWER_TEXT,
              HILUM_PERMISSION_VIEW},
             handler(level));
  routes.add({HILUM_GET, "/queries/{id}/modality", "Who was asked", HILUM_ANSWER_TEXT, HILUM_PERMISSION_VIEW},
             handler(modality));
  routes.add({HILUM_GET,
              "/queries/{id}/query",
              "What was asked for",
              HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW,
              {{HILUM_IN_QUERY, "simplify", "boolean", "Tags by their names; its presence counts"},
               {HILUM_IN_QUERY, "short", "boolean", "Tags by their numbers; its presence counts"}}},
             handler(keys));
}

}  // namespace hilum::queries
