#include "routes.h"

#include <dcmtk/dcmdata/dcdatset.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/edit.h>
#include <hilum/dicom/json.h>
#include <hilum/dicom/meta_header.h>
#include <hilum/dicom/query_identifier.h>
#include <hilum/dicom/transfer_syntax.h>
#include <hilum/dicom/uid.h>
#include <hilum/rest/json_answer.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/styled_json.h>

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace hilum::worklists {

namespace {

constexpr size_t kLargestBody = 1u << 20;
constexpr std::string_view kWorklistClass = "1.2.840.10008.5.1.4.31";

std::string new_id() {
  static thread_local boost::uuids::random_generator generator;  // the system's randomness
  return boost::uuids::to_string(generator());
}

// The DICOM file of an entry, in UTF-8.
std::string file_of(const Json::Value& body, bool adds_study_instance_uid) {
  const Json::Value& tags = body["Tags"];
  if (!tags.isObject()) throw Error(HILUM_E_BAD_REQUEST, "\"Tags\" must be an object of tags and values");
  const dicom::Charset charset(dicom::Encoding::Utf8);
  DcmDataset data_set;
  for (const std::string& name : tags.getMemberNames()) {
    const std::optional<dicom::Tag> tag = dicom::find_tag(name);
    if (!tag) throw Error(HILUM_E_BAD_REQUEST, "no tag is called \"" + name.substr(0, 100) + "\"");
    if (*tag != dicom::kSpecificCharacterSet) dicom::set_json_value(data_set, *tag, tags[name], charset);
  }
  dicom::set_text(data_set, dicom::kSpecificCharacterSet,
                  dicom::specific_character_set(dicom::Encoding::Utf8), charset);
  if (adds_study_instance_uid && !dicom::has_element(data_set, dicom::kStudyInstanceUid)) {
    dicom::set_text(data_set, dicom::kStudyInstanceUid, dicom::new_uid(), charset);
  }
  const std::string instance = dicom::new_uid();
  return dicom::meta_header({kWorklistClass, instance, dicom::kExplicitLittleEndian, {}}) +
         dicom::write_identifier(data_set);
}

dicom::JsonOptions json_options(const Request& request, dicom::Encoding default_encoding) {
  dicom::JsonOptions options;
  options.default_encoding = default_encoding;
  const std::string_view format = request.query("format").value_or("Full");
  if (format == "Short") {
    options.format = dicom::JsonFormat::Short;
  } else if (format == "Simplify") {
    options.format = dicom::JsonFormat::Simplified;
  } else if (format != "Full") {
    throw Error(HILUM_E_OUT_OF_RANGE, "\"format\" is Full, Short or Simplify");
  }
  return options;
}

void list(const RouteContext& context, Request& request, Answer& answer) {
  const dicom::Encoding encoding = context.default_encoding();
  const dicom::JsonOptions options = json_options(request, encoding);
  rest::JsonAnswer body(answer);
  dicom::JsonWriter& json = body.writer();
  json.begin_array();
  for (const EntryPointer& entry : context.store.entries(encoding)) {
    json.begin_object();
    json.member("ID", entry->id);
    json.key("Tags");
    dicom::write_tags_json(json, entry->parse(), options);
    json.end_object();
    body.flush();
  }
  json.end_array();
  body.finish();
}

void get(const RouteContext& context, Request& request, Answer& answer) {
  const dicom::Encoding encoding = context.default_encoding();
  const dicom::JsonOptions options = json_options(request, encoding);
  const EntryPointer entry = context.store.find(request.parameter("id"), encoding);
  if (!entry) throw Error(HILUM_E_UNKNOWN_RESOURCE);
  rest::JsonAnswer body(answer);
  dicom::write_tags_json(body.writer(), entry->parse(), options);
  body.finish();
}

void answer_entry(const std::string& id, Answer& answer) {
  Json::Value made(Json::objectValue);
  made["ID"] = id;
  made["Path"] = "/worklists/" + id;
  answer.json(rest::styled(made));
}

void create(const RouteContext& context, Request& request, Answer& answer) {
  const std::string file =
      file_of(rest::json_object_body(request, kLargestBody), context.adds_study_instance_uid);
  const std::string id = new_id();
  context.store.create(id, file, context.default_encoding());
  answer_entry(id, answer);
}

void replace(const RouteContext& context, Request& request, Answer& answer) {
  const std::string id(request.parameter("id"));
  const dicom::Encoding encoding = context.default_encoding();
  if (!context.store.find(id, encoding)) throw Error(HILUM_E_UNKNOWN_RESOURCE);
  context.store.replace(
      id, file_of(rest::json_object_body(request, kLargestBody), context.adds_study_instance_uid), encoding);
  answer_entry(id, answer);
}

void remove(const RouteContext& context, Request& request, Answer& answer) {
  const std::string id(request.parameter("id"));
  if (!context.store.find(id, context.default_encoding()) || !context.store.remove(id)) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE);
  }
  answer.empty();
}

}  // namespace

void add_routes(Routes& routes, const RouteContext& context) {
  constexpr const char* kSince = "1.12";
  const std::vector<RouteArgument> format = {
      {HILUM_IN_QUERY, "format", "string", "Full (if absent), Short or Simplify"}};
  const std::vector<RouteArgument> tags = {
      {HILUM_IN_BODY, "Tags", "object",
       "Tags of the entry and their values; arrays of objects for sequences"}};
  const auto bind = [&context](auto* handler) {
    return [&context, handler](Request& request, Answer& answer) { handler(context, request, answer); };
  };
  routes.add({HILUM_GET, "/worklists", "Lists the worklist entries with their tags", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW, format, kSince},
             bind(&list));
  routes.add({HILUM_POST, "/worklists/create", "Makes a worklist entry", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_STORE, tags, kSince},
             bind(&create));
  routes.add({HILUM_GET, "/worklists/{id}", "The tags of a worklist entry", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW, format, kSince},
             bind(&get));
  routes.add({HILUM_PUT, "/worklists/{id}", "Replaces the tags of a worklist entry", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_EDIT, tags, kSince},
             bind(&replace));
  routes.add({HILUM_DELETE,
              "/worklists/{id}",
              "Deletes a worklist entry",
              HILUM_ANSWER_EMPTY,
              HILUM_PERMISSION_DELETE,
              {},
              kSince},
             bind(&remove));
}

}  // namespace hilum::worklists
