// POST /modalities/{id}/storage-commitment, /storage-commitment/{id} and its removal.
#include <hilum/cpp/query.h>
#include <hilum/dicom/identity.h>
#include <hilum/rest/metadata_names.h>
#include <hilum/rest/stored_file.h>

#include <set>

#include "routes.h"

namespace hilum::modalities {

namespace {

constexpr size_t kLongestBody = 64u << 20;
constexpr size_t kLongestUid = 64;

Error bad_instance() {
  return Error(HILUM_E_BAD_FORMAT,
               "The items of \"DicomInstances\" must be pairs of SOP class and SOP instance UIDs, or objects "
               "with SOPClassUID and SOPInstanceUID");
}

std::string uid_of(const Json::Value& value) {
  if (!value.isString() || value.asString().size() > kLongestUid) throw bad_instance();
  return value.asString();
}

SopPair read_pair(const Json::Value& item) {
  if (item.isArray() && item.size() == 2) return {uid_of(item[0]), uid_of(item[1])};
  if (item.isObject()) return {uid_of(item["SOPClassUID"]), uid_of(item["SOPInstanceUID"])};
  throw bad_instance();
}

// The index knows both of most instances; the file knows the class of the rest.
SopPair pair_of(const rest::Services& services, const Resource& instance) {
  SopPair pair;
  instance.metadata([&](int32_t key, std::string_view value, int64_t) {
    if (key == services.metadata_names.key_of("SopClassUid")) pair.first = value;
  });
  instance.tags(HILUM_INSTANCE, [&](hilum_tag tag, bool, std::string_view value) {
    if (tag == dicom::kSopInstanceUid) pair.second = value;
  });
  if (pair.first.empty()) {
    rest::StoredFile file(services, instance);
    pair.first = file.parse_header().sop_class;
  }
  return pair;
}

std::vector<SopPair> read_asked(const Tools& tools, const Json::Value& body) {
  if (!body.isObject() || (!body.isMember("Resources") && !body.isMember("DicomInstances"))) {
    throw Error(HILUM_E_BAD_FORMAT,
                "The body must contain one of the arrays \"Resources\" and \"DicomInstances\"");
  }
  std::vector<SopPair> asked;
  const Json::Value& pairs = body["DicomInstances"];
  if (!pairs.isNull() && !pairs.isArray())
    throw Error(HILUM_E_BAD_FORMAT, "Array expected in field: DicomInstances");
  for (const Json::Value& item : pairs) asked.push_back(read_pair(item));
  const Json::Value& resources = body["Resources"];
  if (resources.isNull()) return asked;
  if (!resources.isArray()) throw Error(HILUM_E_BAD_FORMAT, "Array expected in field: Resources");
  StoreRequest named;
  for (const Json::Value& item : resources) {
    if (!item.isString()) throw Error(HILUM_E_BAD_FORMAT, "List of strings expected in field: Resources");
    named.resources.push_back({item.asString(), 0});
  }
  const Snapshot snapshot = tools.services.index.snapshot();
  find_instances(snapshot, named);
  for (const std::string& id : named.instances) {
    asked.push_back(pair_of(tools.services, rest::require(snapshot, id, HILUM_INSTANCE)));
  }
  return asked;
}

void ask(const Context& context, const Request& request, Answer& answer) {
  const Tools& tools = context.tools;
  const std::string modality = require_modality(tools, request);
  const Json::Value body = json_body(request, false, kLongestBody);
  const std::vector<SopPair> asked = read_asked(tools, body);
  const ScuTarget target = target_of(tools, modality, read_overrides(body, false));
  const std::string remote_aet = parse_definition(tools.scu.resolve(target))["AET"].asString();
  const rest::DirectCalls::Call direct(tools.direct_calls);
  // The report is there before the other system can answer.
  const std::string uid = tools.commitments.open(remote_aet, asked);
  try {
    ask_to_commit(tools, target, uid, asked);
  } catch (const Error&) {
    tools.commitments.remove(uid);
    throw;
  }
  std::string text;
  dicom::JsonWriter json(text);
  json.begin_object();
  json.member("ID", uid);
  json.member("Path", "/storage-commitment/" + uid);
  json.end_object();
  answer.json(text);
}

std::shared_ptr<CommitmentReport> require_report(const Context& context, const Request& request) {
  std::shared_ptr<CommitmentReport> report = context.tools.commitments.find(request.parameter("id"));
  if (!report) {
    throw Error(HILUM_E_INEXISTENT_ITEM, "No storage commitment transaction with this UID: " +
                                             std::string(request.parameter("id").substr(0, 128)));
  }
  return report;
}

void get_report(const Context& context, const Request& request, Answer& answer) {
  std::string text;
  dicom::JsonWriter json(text);
  require_report(context, request)->write(json);
  answer.json(text);
}

// Deletes what the other system has committed to keep.
void remove(const Context& context, const Request& request, Answer& answer) {
  const std::optional<std::vector<std::string>> committed = require_report(context, request)->committed();
  if (!committed) {
    throw Error(HILUM_E_BAD_SEQUENCE,
                "Only what the other system has wholly committed to keep can be removed");
  }
  const QueryService queries(context.tools.host);
  for (const std::string& sop_instance : *committed) {
    const auto found = queries.lookup(context.tools.services.index.snapshot(), sop_instance);
    for (const QueryService::Resource& resource : found) {
      if (resource.level != HILUM_INSTANCE) continue;
      try {
        context.tools.services.index.delete_resource(resource.id, HILUM_INSTANCE);
      } catch (const Error& error) {
        if (error.code() != HILUM_E_UNKNOWN_RESOURCE) throw;  // somebody was faster
      }
    }
  }
  context.tools.commitments.remove(request.parameter("id"));
  answer.bytes("application/json", "{}");
}

}  // namespace

void add_commitment_routes(Routes& routes, const Context& context) {
  routes.add({HILUM_POST,
              "/modalities/{id}/storage-commitment",
              "Asks a DICOM system whether it keeps instances",
              HILUM_ANSWER_JSON,
              HILUM_PERMISSION_EXPORT,
              {{HILUM_IN_BODY, "Resources", "array", "Ids of patients, studies, series and instances"},
               {HILUM_IN_BODY, "DicomInstances", "array",
                "Pairs of SOP class and SOP instance UIDs, or objects with SOPClassUID and SOPInstanceUID"},
               {HILUM_IN_BODY, "LocalAet", "string", "The title that the server uses"},
               {HILUM_IN_BODY, "Timeout", "integer", "Seconds to wait; 0: without limit"}}},
             [&context](Request& request, Answer& answer) { ask(context, request, answer); });
  routes.add({HILUM_GET, "/storage-commitment/{id}", "What a DICOM system has answered", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_VIEW},
             [&context](Request& request, Answer& answer) { get_report(context, request, answer); });
  routes.add({HILUM_POST, "/storage-commitment/{id}/remove",
              "Deletes the instances that a DICOM system has committed to keep", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_DELETE},
             [&context](Request& request, Answer& answer) { remove(context, request, answer); });
}

}  // namespace hilum::modalities
