// POST /modalities/{id}/find-patient, find-study, find-series, find-instance, find and find-worklist: answers at once, nothing is kept.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <hilum/dicom/edit.h>
#include <hilum/dicom/modules.h>
#include <hilum/dicom/tag_path.h>
#include <hilum/rest/json_answer.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/remote_query.h>
#include <hilum/rest/styled_json.h>

#include <algorithm>

#include "routes.h"

namespace hilum::modalities {

namespace {

constexpr size_t kLongestAnswers = 64u << 20;
constexpr size_t kAroundAnswer = 64;  // what each costs besides its bytes
constexpr size_t kLongestBody = 4u << 20;

// Keys that are asked for at a level, besides those of the request: what describes a resource of it.
dicom::QueryKeys template_keys(dicom::Level level) {
  static const dicom::MainTags kMainTags;
  // Main tags of studies that are no tags of the study's module: several peers refuse them as keys.
  constexpr dicom::Tag kIndirect[] = {0x00080080, 0x00321032, 0x00321060};
  // Known to the index since 1.12.5 only.
  constexpr dicom::Tag kYoung[] = {0x00080201, 0x00400244, 0x00400245, 0x00400275};
  dicom::QueryKeys keys;
  for (const dicom::Tag tag : kMainTags.tags(level)) keys[tag];
  for (const dicom::Tag tag : kIndirect) keys.erase(tag);
  for (const dicom::Tag tag : kYoung) keys.erase(tag);
  for (size_t above = 0; above <= static_cast<size_t>(level); ++above) {
    keys[dicom::unique_key(static_cast<dicom::Level>(above))];
  }
  if (level != dicom::Level::Patient) keys[dicom::kAccessionNumber];
  return keys;
}

// Tags of the levels above, which these routes leave out: the identifiers there say enough.
bool describes_above(dicom::Level level, dicom::Tag tag) {
  for (size_t above = 0; above < static_cast<size_t>(level); ++above) {
    const std::vector<dicom::Tag>& tags = dicom::module_tags(static_cast<dicom::Level>(above));
    if (std::binary_search(tags.begin(), tags.end(), tag)) return true;
  }
  return false;
}

// Asks one modality, several times if need be; holds the answers of one question.
class Asker {
 public:
  Asker(const Tools& tools, const std::string& modality)
      : tools_(tools),
        encoding_(tools.services.default_encoding()),
        target_(target_of(tools, modality, {})),
        manufacturer_(parse_definition(tools.modalities.get(modality))["Manufacturer"].asString()) {
    options_.format = dicom::JsonFormat::Simplified;
    options_.default_encoding = encoding_;
    options_.maximum_length = 0;
  }
  void set_format(dicom::JsonFormat format) { options_.format = format; }

  std::vector<std::string> find(dicom::Level level, const dicom::QueryKeys& asked) const {
    dicom::QueryKeys keys = template_keys(level);
    for (const auto& [tag, value] : asked) {
      if (keys.count(tag) != 0 || !describes_above(level, tag)) keys[tag] = value;
    }
    const std::string identifier =
        dicom::write_identifier(level, dicom::find_keys(level, keys, true, manufacturer_), encoding_);
    return find(level == dicom::Level::Patient ? HILUM_SCU_PATIENT_ROOT : HILUM_SCU_STUDY_ROOT, identifier);
  }
  std::vector<std::string> find(hilum_scu_model model, const std::string& identifier) const {
    const rest::DirectCalls::Call direct(tools_.direct_calls);
    std::vector<std::string> answers;
    size_t size = 0;
    tools_.scu.find(target_, model, identifier, [&](std::string_view data_set) {
      size += data_set.size() + kAroundAnswer;
      if (size > kLongestAnswers) {
        throw Error(HILUM_E_TOO_LARGE, "the answers have more than " + std::to_string(kLongestAnswers) +
                                           " bytes together: ask for less");
      }
      answers.emplace_back(data_set);
      return true;
    });
    return answers;
  }
  dicom::QueryKeys keys_of(const std::string& answer) const { return rest::keys_of(answer, encoding_); }
  void write(dicom::JsonWriter& json, const std::string& answer, std::optional<dicom::Level> level) const {
    rest::write_remote_answer(json, answer, level, options_);
  }
  dicom::Encoding encoding() const { return encoding_; }

 private:
  const Tools& tools_;
  const dicom::Encoding encoding_;
  const ScuTarget target_;
  const std::string manufacturer_;
  dicom::JsonOptions options_;
};

bool is_longer_than_two(const dicom::QueryKeys& keys, dicom::Tag tag) {
  const auto key = keys.find(tag);
  return key != keys.end() && key->second.size() > 2;
}

// Whether what is asked for is narrow enough: nobody wants all images of a hospital.
bool is_narrow(dicom::Level level, const dicom::QueryKeys& keys) {
  if (level == dicom::Level::Patient) return true;
  if (!is_longer_than_two(keys, dicom::kAccessionNumber) && !is_longer_than_two(keys, dicom::kPatientId))
    return false;
  if (level >= dicom::Level::Series && !is_longer_than_two(keys, dicom::kStudyInstanceUid)) return false;
  return level < dicom::Level::Instance || is_longer_than_two(keys, dicom::kSeriesInstanceUid);
}

void answer_list(const Asker& asker, const std::vector<std::string>& answers,
                 std::optional<dicom::Level> level, Answer& answer) {
  rest::JsonAnswer json(answer);
  json.writer().begin_array();
  for (const std::string& data_set : answers) {
    asker.write(json.writer(), data_set, level);
    json.flush();
  }
  json.writer().end_array();
  json.finish();
}

// Bodies that ask for too much are a plain 400, as clients of this API know it.
std::optional<dicom::QueryKeys> read_keys(const Request& request) {
  const std::optional<Json::Value> body = rest::parse_json(request.body(kLongestBody));
  if (!body || !body->isObject()) return std::nullopt;
  return rest::read_query_keys(*body);
}

void find_level(const Context& context, dicom::Level level, const Request& request, Answer& answer) {
  const std::string modality = require_modality(context.tools, request);
  std::optional<dicom::QueryKeys> keys = read_keys(request);
  if (!keys || !is_narrow(level, *keys)) return answer.bare(400);
  const Asker asker(context.tools, modality);
  answer_list(asker, asker.find(level, *keys), level, answer);
}

// Everything below what is found: patients with their `Studies`, and these with their `Series`.
void write_tree(rest::JsonAnswer& json, const Asker& asker, dicom::Level level, const std::string& data_set,
                const dicom::QueryKeys& asked) {
  std::string text;
  {
    dicom::JsonWriter own(text);
    asker.write(own, data_set, level);
  }
  std::optional<Json::Value> parsed = rest::parse_json(text);
  if (!parsed) return;
  dicom::JsonWriter& writer = json.writer();
  const char* below = level == dicom::Level::Patient ? "Studies"
                      : level == dicom::Level::Study ? "Series"
                                                     : nullptr;
  if (below) (*parsed)[below] = Json::nullValue;  // for its place among the others
  writer.begin_object();
  for (auto member = parsed->begin(); member != parsed->end(); ++member) {
    writer.key(member.name());
    if (!below || member.name() != below) {
      rest::write_json(writer, *member);
      continue;
    }
    const auto next = static_cast<dicom::Level>(static_cast<int>(level) + 1);
    dicom::QueryKeys keys = asked;
    const dicom::QueryKeys found = asker.keys_of(data_set);
    for (size_t above = 0; above <= static_cast<size_t>(level); ++above) {
      const dicom::Tag unique = dicom::unique_key(static_cast<dicom::Level>(above));
      if (const auto key = found.find(unique); key != found.end()) keys[unique] = key->second;
    }
    writer.begin_array();
    for (const std::string& child : asker.find(next, keys)) write_tree(json, asker, next, child, keys);
    writer.end_array();
    json.flush();
  }
  writer.end_object();
}

void find_tree(const Context& context, const Request& request, Answer& answer) {
  const std::string modality = require_modality(context.tools, request);
  const std::optional<dicom::QueryKeys> keys = read_keys(request);
  if (!keys) return answer.bare(400);
  const Asker asker(context.tools, modality);
  const std::vector<std::string> patients = asker.find(dicom::Level::Patient, *keys);
  rest::JsonAnswer json(answer);
  json.writer().begin_array();
  for (const std::string& patient : patients) {
    write_tree(json, asker, dicom::Level::Patient, patient, *keys);
  }
  json.writer().end_array();
  json.finish();
}

// Texts, and arrays of objects for sequences.
std::string worklist_identifier(const Json::Value& query, dicom::Encoding encoding) {
  DcmDataset data_set;
  const dicom::Charset charset(encoding);
  if (encoding != dicom::Encoding::Ascii) {
    dicom::set_text(data_set, dicom::kSpecificCharacterSet, dicom::specific_character_set(encoding), charset);
  }
  for (auto member = query.begin(); member != query.end(); ++member) {
    const dicom::Tag tag = dicom::parse_client_tag(member.name());
    if (tag == dicom::kSpecificCharacterSet) continue;
    const bool whole_sequence =
        member->isString() && member->asString().empty() && dicom::dictionary_vr(tag) == EVR_SQ;
    dicom::set_json_value(data_set, tag, whole_sequence ? Json::Value(Json::arrayValue) : *member, charset);
  }
  return dicom::write_identifier(data_set);
}

// The query itself, or an object with `Query` and the form of the answers.
void find_worklist(const Context& context, const Request& request, Answer& answer) {
  const std::string modality = require_modality(context.tools, request);
  const Json::Value body = json_body(request, false);
  if (!body.isObject()) throw Error(HILUM_E_BAD_FORMAT, "The body must contain a JSON object");
  const bool wrapped = body.isMember("Query");
  const Json::Value& query = wrapped ? body["Query"] : body;
  if (!query.isObject()) throw Error(HILUM_E_BAD_FORMAT, "Object expected in field: Query");
  Asker asker(context.tools, modality);
  if (wrapped) asker.set_format(rest::form_of(body, dicom::JsonFormat::Simplified));
  const std::string identifier = worklist_identifier(query, asker.encoding());
  answer_list(asker, asker.find(HILUM_SCU_WORKLIST, identifier), std::nullopt, answer);
}

}  // namespace

void add_find_routes(Routes& routes, const Context& context) {
  const std::vector<RouteArgument> keys = {
      {HILUM_IN_BODY, "", "object", "Texts by tag: what the answers must match"}};
  const struct {
    const char* path;
    const char* summary;
    dicom::Level level;
  } rows[] = {
      {"/modalities/{id}/find-patient", "Asks a DICOM system for patients (deprecated: use query)",
       dicom::Level::Patient},
      {"/modalities/{id}/find-study", "Asks a DICOM system for studies (deprecated: use query)",
       dicom::Level::Study},
      {"/modalities/{id}/find-series", "Asks a DICOM system for series (deprecated: use query)",
       dicom::Level::Series},
      {"/modalities/{id}/find-instance", "Asks a DICOM system for instances (deprecated: use query)",
       dicom::Level::Instance},
  };
  for (const auto& row : rows) {
    routes.add({HILUM_POST, row.path, row.summary, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, keys},
               [&context, level = row.level](Request& request, Answer& answer) {
                 find_level(context, level, request, answer);
               });
  }
  routes.add({HILUM_POST, "/modalities/{id}/find",
              "Asks a DICOM system for patients with their studies and series (deprecated: use query)",
              HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, keys},
             [&context](Request& request, Answer& answer) { find_tree(context, request, answer); });
  routes.add({HILUM_POST,
              "/modalities/{id}/find-worklist",
              "Asks a DICOM system for entries of its worklist",
              HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW,
              {{HILUM_IN_BODY, "Query", "object",
                "Texts by tag, arrays of objects for sequences; or the body itself is this object"},
               {HILUM_IN_BODY, "Full", "boolean", "Tags with number, name and type"},
               {HILUM_IN_BODY, "Short", "boolean", "Tags by their numbers"},
               {HILUM_IN_BODY, "Simplify", "boolean", "Tags by their names, as without any of the three"}}},
             [&context](Request& request, Answer& answer) { find_worklist(context, request, answer); });
}

}  // namespace hilum::modalities
