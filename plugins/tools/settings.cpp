// What can be set while the server runs: the default encoding and what the DICOM server accepts.
#include "settings.h"

#include <hilum/dicom/json_writer.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/json_body.h>

#include <algorithm>

#include "tools.h"

namespace hilum::tools {

namespace {

using dicom::JsonWriter;

void answer_list(Answer& answer, const std::vector<std::string>& texts) {
  std::string body;
  JsonWriter json(body);
  json.begin_array();
  for (const std::string& text : texts) json.string(text);
  json.end_array();
  answer.json(body);
}

// --- the default encoding ---

void add_encoding_routes(Routes& routes, const Settings& settings) {
  routes.add({HILUM_GET, "/tools/default-encoding", "The encoding of data sets that declare none",
              HILUM_ANSWER_TEXT, HILUM_PERMISSION_STATUS},
             [&settings](Request&, Answer& answer) { answer.text(settings.default_encoding()); });
  routes.add({HILUM_PUT,
              "/tools/default-encoding",
              "Sets the encoding of data sets that declare none, and answers its name",
              HILUM_ANSWER_TEXT,
              HILUM_PERMISSION_ADMINISTER,
              {{HILUM_IN_BODY, "", "string", "The name of the encoding, such as Utf8 or Latin1"}}},
             [&settings](Request& request, Answer& answer) {
               settings.set_default_encoding(short_body(request));
               answer.text(settings.default_encoding());
             });
}

// --- transfer syntaxes ---

// UIDs with and without wildcards are numbers or no JSON at all to a JSON parser. A number has one dot at most.
bool is_uid_pattern(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.*?") == std::string_view::npos &&
         (text.find_first_of("*?") != std::string_view::npos ||
          std::count(text.begin(), text.end(), '.') > 1);
}

[[noreturn]] void refuse_patterns() {
  throw Error(HILUM_E_BAD_FORMAT, "The body must be a UID with wildcards, or a JSON list of such texts");
}

// A JSON list of texts, a JSON text, or plain text.
std::vector<std::string> patterns_of(const std::string& body) {
  const std::string_view plain = rest::strip(body);
  if (plain.empty()) return {};
  if (is_uid_pattern(plain)) return {std::string(plain)};
  const std::optional<Json::Value> value = rest::parse_json(plain);
  if (!value) {
    // A document that is broken or too deep is no pattern.
    if (plain.front() == '[' || plain.front() == '{' || plain.front() == '"') refuse_patterns();
    return {std::string(plain)};
  }
  if (value->isString()) return {value->asString()};
  if (!value->isArray()) refuse_patterns();
  std::vector<std::string> patterns;
  for (const Json::Value& item : *value) {
    if (!item.isString()) refuse_patterns();
    patterns.push_back(item.asString());
  }
  return patterns;
}

void add_transfer_syntax_routes(Routes& routes, const Settings& settings) {
  constexpr size_t kLongestBody = 256 << 10;
  routes.add(
      {HILUM_GET, "/tools/accepted-transfer-syntaxes",
       "Transfer syntaxes that the DICOM server accepts for storage", HILUM_ANSWER_JSON,
       HILUM_PERMISSION_STATUS},
      [&settings](Request&, Answer& answer) { answer_list(answer, settings.accepted_transfer_syntaxes()); });
  routes.add({HILUM_PUT,
              "/tools/accepted-transfer-syntaxes",
              "Sets the transfer syntaxes that the DICOM server accepts for storage, and answers them",
              HILUM_ANSWER_JSON,
              HILUM_PERMISSION_ADMINISTER,
              {{HILUM_IN_BODY, "", "array", "UIDs; * and ? are wildcards. A single one may be plain text"}}},
             [&settings](Request& request, Answer& answer) {
               settings.set_accepted_transfer_syntaxes(patterns_of(request.body(kLongestBody)));
               answer_list(answer, settings.accepted_transfer_syntaxes());
             });
}

// --- SOP classes ---

void add_sop_class_routes(Routes& routes, const Settings& settings) {
  routes.add({HILUM_GET,
              "/tools/accepted-sop-classes",
              "SOP classes that the DICOM server accepts for storage",
              HILUM_ANSWER_JSON,
              HILUM_PERMISSION_STATUS,
              {},
              "1.12"},
             [&settings](Request&, Answer& answer) { answer_list(answer, settings.accepted_sop_classes()); });
  routes.add({HILUM_GET, "/tools/unknown-sop-class-accepted",
              "Whether SOP classes that no dictionary knows are accepted for storage: 1 or 0",
              HILUM_ANSWER_TEXT, HILUM_PERMISSION_STATUS},
             [&settings](Request&, Answer& answer) {
               answer.text(settings.unknown_sop_class_accepted() ? "1" : "0");
             });
  routes.add({HILUM_PUT,
              "/tools/unknown-sop-class-accepted",
              "Accepts SOP classes that no dictionary knows for storage, or no longer",
              HILUM_ANSWER_EMPTY,
              HILUM_PERMISSION_ADMINISTER,
              {{HILUM_IN_BODY, "", "boolean", "1, 0, true or false"}}},
             [&settings](Request& request, Answer& answer) {
               settings.set_unknown_sop_class_accepted(rest::boolean_body(request));
               answer.empty();
             });
}

}  // namespace

// A body over the limit cannot be one of the few words that are meant; its beginning serves the message.
std::string short_body(const Request& request) {
  constexpr size_t kLongest = 256;
  std::string text(static_cast<size_t>(std::min<uint64_t>(request.body_size(), kLongest)), '\0');
  text.resize(request.read_body(0, text.data(), text.size()));
  if (request.body_size() > kLongest) text += "...";
  return text;
}

void add_settings_routes(Routes& routes, const Settings& settings) {
  add_encoding_routes(routes, settings);
  add_transfer_syntax_routes(routes, settings);
  add_sop_class_routes(routes, settings);
}

}  // namespace hilum::tools
