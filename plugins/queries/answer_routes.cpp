// /queries/{id}/answers, one answer, and the queries below it.
#include <hilum/rest/arguments.h>
#include <hilum/rest/json_answer.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/remote_query.h>

#include "routes.h"

namespace hilum::queries {

namespace {

dicom::JsonOptions options_of(const Context& context, const Request& request) {
  dicom::JsonOptions options;
  options.format = rest::json_format(request, dicom::JsonFormat::Full);
  options.default_encoding = context.queries.services().default_encoding();
  options.maximum_length = 0;
  return options;
}

void list(const Context& context, const Request& request, Answer& answer) {
  const bool expand = rest::flag(request, "expand");
  const dicom::JsonOptions options = options_of(context, request);
  const std::shared_ptr<const Query> query = context.queries.require(request.parameter("id"));
  rest::JsonAnswer json(answer);
  json.writer().begin_array();
  for (size_t i = 0; i < query->answers.size(); ++i) {
    if (expand) {
      rest::write_remote_answer(json.writer(), query->answers[i], query->question.level, options);
    } else {
      json.writer().string(std::to_string(i));
    }
    json.flush();
  }
  json.writer().end_array();
  json.finish();
}

void list_below(const Context& context, const Request& request, Answer& answer) {
  const std::shared_ptr<const Query> query = context.queries.require(request.parameter("id"));
  (void)answer_index(request, *query);
  std::string text;
  dicom::JsonWriter json(text);
  json.begin_array();
  json.string("content");
  json.string("retrieve");
  const dicom::Level level = query->question.level;
  if (level < dicom::Level::Study) json.string("query-studies");
  if (level < dicom::Level::Series) json.string("query-series");
  if (level < dicom::Level::Instance) json.string("query-instances");
  json.end_array();
  answer.json(text);
}

void content(const Context& context, const Request& request, Answer& answer) {
  const dicom::JsonOptions options = options_of(context, request);
  const std::shared_ptr<const Query> query = context.queries.require(request.parameter("id"));
  const size_t index = answer_index(request, *query);
  std::string text;
  dicom::JsonWriter json(text);
  rest::write_remote_answer(json, query->answers[index], query->question.level, options);
  answer.json(text);
}

// Inherits the modality, the time limit and Normalize, and is bound to what the answer is about.
void ask_below(const Context& context, dicom::Level level, const Request& request, Answer& answer) {
  const std::shared_ptr<const Query> parent = context.queries.require(request.parameter("id"));
  const size_t index = answer_index(request, *parent);
  if (level <= parent->question.level) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE,
                std::string("A query of the level ") + dicom::level_name(parent->question.level) +
                    " has nothing below it of the level " + dicom::level_name(level));
  }
  const std::optional<Json::Value> body = rest::parse_json(request.body(4u << 20));
  if (!body || !body->isObject()) throw Error(HILUM_E_BAD_FORMAT, "The body must contain a JSON object");
  Question question;
  question.modality = parent->question.modality;
  question.level = level;
  question.normalize = parent->question.normalize;
  question.timeout = rest::seconds_field(*body, "Timeout");
  if (!question.timeout) question.timeout = parent->question.timeout;
  if (body->isMember("Query")) question.keys = rest::read_query_keys((*body)["Query"], HILUM_E_BAD_FORMAT);
  const dicom::QueryKeys above = identifiers_of(context.queries.services(), *parent, index);
  for (size_t at = 0; at <= static_cast<size_t>(parent->question.level); ++at) {
    const dicom::Tag unique = dicom::unique_key(static_cast<dicom::Level>(at));
    // A study identifies its patient.
    if (unique == dicom::kPatientId && parent->question.level != dicom::Level::Patient) continue;
    if (const auto key = above.find(unique); key != above.end()) question.keys[unique] = key->second;
  }
  answer_query(answer, context.queries.ask(std::move(question)));
}

}  // namespace

size_t answer_index(const Request& request, const Query& query) {
  const std::string_view text = request.parameter("index");
  const std::optional<int64_t> index = rest::parse_integer(text);
  if (!index) {
    throw Error(HILUM_E_BAD_TYPE,
                "The index of an answer must be a number, not: " + std::string(text.substr(0, 64)));
  }
  if (*index < 0 || static_cast<uint64_t>(*index) >= query.answers.size()) {
    throw Error(HILUM_E_OUT_OF_RANGE, "The query has " + std::to_string(query.answers.size()) +
                                          " answers: there is no answer " + std::to_string(*index));
  }
  return static_cast<size_t>(*index);
}

dicom::QueryKeys identifiers_of(const rest::Services& services, const Query& query, size_t index) {
  const dicom::QueryKeys all = rest::keys_of(query.answers[index], services.default_encoding());
  dicom::QueryKeys identifiers;
  const auto copy = [&](dicom::Tag tag) {
    if (const auto key = all.find(tag); key != all.end()) identifiers.insert(*key);
  };
  for (size_t at = 0; at <= static_cast<size_t>(query.question.level); ++at) {
    copy(dicom::unique_key(static_cast<dicom::Level>(at)));
  }
  if (query.question.level != dicom::Level::Patient) copy(dicom::kAccessionNumber);
  return identifiers;
}

void add_answer_routes(Routes& routes, const Context& context) {
  const std::vector<RouteArgument> form = {
      {HILUM_IN_QUERY, "simplify", "boolean", "Tags by their names; its presence counts"},
      {HILUM_IN_QUERY, "short", "boolean", "Tags by their numbers; its presence counts"}};
  std::vector<RouteArgument> list_arguments = form;
  list_arguments.push_back({HILUM_IN_QUERY, "expand", "boolean", "The answers rather than their numbers"});
  routes.add({HILUM_GET, "/queries/{id}/answers", "Lists the answers", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW, std::move(list_arguments)},
             [&context](Request& request, Answer& answer) { list(context, request, answer); });
  routes.add({HILUM_GET, "/queries/{id}/answers/{index}", "Lists what there is of an answer",
              HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW},
             [&context](Request& request, Answer& answer) { list_below(context, request, answer); });
  routes.add({HILUM_GET, "/queries/{id}/answers/{index}/content", "An answer", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW, form},
             [&context](Request& request, Answer& answer) { content(context, request, answer); });
  const struct {
    const char* path;
    const char* summary;
    dicom::Level level;
  } rows[] = {
      {"/queries/{id}/answers/{index}/query-studies", "Asks for the studies of an answer",
       dicom::Level::Study},
      {"/queries/{id}/answers/{index}/query-series", "Asks for the series of an answer",
       dicom::Level::Series},
      {"/queries/{id}/answers/{index}/query-instances", "Asks for the instances of an answer",
       dicom::Level::Instance},
  };
  for (const auto& row : rows) {
    routes.add({HILUM_POST,
                row.path,
                row.summary,
                HILUM_ANSWER_JSON,
                HILUM_PERMISSION_VIEW,
                {{HILUM_IN_BODY, "Query", "object", "Texts by tag: what the answers must match"},
                 {HILUM_IN_BODY, "Timeout", "integer", "Seconds to wait; 0: without limit"}}},
               [&context, level = row.level](Request& request, Answer& answer) {
                 ask_below(context, level, request, answer);
               });
  }
}

}  // namespace hilum::queries
