// POST /tools/find, POST /tools/count-resources, POST /tools/lookup and GET /tools/labels.
#include <hilum/cpp/log.h>
#include <hilum/dicom/text.h>
#include <hilum/rest/json_answer.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/level_routes.h>
#include <hilum/rest/stored_file.h>

#include <atomic>
#include <memory>

#include "search_request.h"
#include "tools.h"

namespace hilum::tools {

namespace {

using rest::Services;

// What the handlers share. Lives as long as the routes.
struct Searcher {
  explicit Searcher(const Services& of_services)
      : services(of_services), queries(services.host), log(services.host) {}

  const Services& services;
  QueryService queries;
  Log log;
  std::atomic<bool> has_warned{false};
};

// Do the constraints hold in one file of the resource? Tags of a series, study or patient are taken to be the
// same in all of its instances.
bool file_confirms(const Services& services, const Snapshot& snapshot, const Resource& resource,
                   const std::vector<FileConstraint>& constraints) {
  const std::optional<Resource> instance = rest::first_instance(snapshot, resource);
  if (!instance) return false;
  rest::StoredFile file(services, *instance);
  const dicom::ParsedInstance parsed = file.parse_header();
  DcmDataset& data_set = parsed.data_set();
  const dicom::Charset charset = dicom::Charset::of(data_set, services.default_encoding());
  for (const FileConstraint& constraint : constraints) {
    DcmElement* element = nullptr;
    const DcmTagKey key(dicom::tag_group(constraint.tag), dicom::tag_element(constraint.tag));
    if (data_set.findAndGetElement(key, element).bad() || !element) return false;
    const dicom::ElementValue value = dicom::element_value(*element, charset, {0, false});
    if (value.kind != dicom::ValueKind::String || !constraint.matcher.matches(value.text)) return false;
  }
  return true;
}

// A file that cannot be read says nothing of its resource; the others are still to be found.
bool confirmed(Searcher& searcher, const Snapshot& snapshot, const SearchRequest& request,
               const Resource& resource, bool certain) {
  try {
    return (request.outside.empty() ||
            file_confirms(searcher.services, snapshot, resource, request.outside)) &&
           (certain || file_confirms(searcher.services, snapshot, resource, request.added));
  } catch (const Error& error) {
    searcher.log.warning("a search cannot read the file of " + std::string(resource.id()) + ": " +
                         error.details());
    return false;
  }
}

// Visits the matches: those of the index, confirmed by files where the index cannot decide. `visit` gets the
// id, and the resource if it has been opened.
template <typename Visit>
void search(Searcher& searcher, const Snapshot& snapshot, const SearchRequest& request, Visit&& visit) {
  if (request.is_impossible) return;
  if (request.outside.empty() && request.added.empty()) {
    searcher.queries.find(snapshot, request.query, [&](std::string_view id, bool) {
      visit(id);
      return true;
    });
    return;
  }
  // What files must confirm cannot be counted by the index.
  IndexQuery query = request.query;
  query.flags |= HILUM_QUERY_WITH_DOUBTFUL;
  const bool may_read = searcher.services.config.text("StorageAccessOnFind") == "Always";
  uint64_t skip = query.since;
  uint64_t left = query.limit;
  if (request.outside.empty()) query.limit = UINT64_MAX;  // else: a cap of the candidates
  query.since = 0;
  searcher.queries.find(snapshot, query, [&](std::string_view id, bool certain) {
    if (!certain && !may_read) {
      if (!searcher.has_warned.exchange(true)) {
        searcher.log.warning(
            "a search for a tag of ExtraMainDicomTags passes over resources that were stored before it was "
            "listed, as StorageAccessOnFind forbids to read their files: POST /tools/reconstruct mends that");
      }
      return true;
    }
    if (!certain || !request.outside.empty()) {
      const std::optional<Resource> resource = snapshot.find(id, query.level);
      if (!resource || !confirmed(searcher, snapshot, request, *resource, certain)) return true;
    }
    if (skip > 0) {
      --skip;
      return true;
    }
    visit(id);
    return --left > 0;
  });
}

void find(Searcher& searcher, Request& request, Answer& answer) {
  const Json::Value body = rest::json_object_body(request);
  const Snapshot snapshot = searcher.services.index.snapshot();
  const SearchRequest wanted = parse_find(searcher.services, searcher.queries, snapshot, body);
  rest::JsonAnswer reply(answer);
  reply.writer().begin_array();
  search(searcher, snapshot, wanted, [&](std::string_view id) {
    if (!wanted.expand) {
      reply.writer().string(id);
    } else if (const std::optional<Resource> resource = snapshot.find(id, wanted.query.level)) {
      rest::write_details(reply.writer(), searcher.services, snapshot, *resource, wanted.details);
    }
    reply.flush();
  });
  reply.writer().end_array();
  reply.finish();
}

bool demands_nothing(const SearchRequest& request) {
  const IndexQuery& query = request.query;
  return query.tags.empty() && query.metadata.empty() && query.labels.empty() && query.parents.empty() &&
         query.label_rule != HILUM_LABELS_NONE;
}

uint64_t count_of(Searcher& searcher, const Snapshot& snapshot, const SearchRequest& request) {
  if (request.is_impossible) return 0;
  if (demands_nothing(request)) {
    const hilum_statistics totals = snapshot.totals();
    switch (request.query.level) {
      case HILUM_PATIENT:
        return totals.patients;
      case HILUM_STUDY:
        return totals.studies;
      case HILUM_SERIES:
        return totals.series;
      default:
        return totals.instances;
    }
  }
  if (request.added.empty()) return searcher.queries.count(snapshot, request.query).certain;
  uint64_t count = 0;
  search(searcher, snapshot, request, [&](std::string_view) { ++count; });
  return count;
}

void count_resources(Searcher& searcher, Request& request, Answer& answer) {
  const Json::Value body = rest::json_object_body(request);
  const Snapshot snapshot = searcher.services.index.snapshot();
  const SearchRequest wanted = parse_count(searcher.services, searcher.queries, snapshot, body);
  std::string reply;
  dicom::JsonWriter json(reply);
  json.begin_object();
  json.member("Count", count_of(searcher, snapshot, wanted));
  json.end_object();
  answer.json(reply);
}

void lookup(Searcher& searcher, Request& request, Answer& answer) {
  constexpr size_t kLongest = 64 * 1024;
  const std::string identifier = request.body(kLongest);
  if (identifier.find_first_of("*?") != std::string::npos) {
    throw Error(HILUM_E_OUT_OF_RANGE, "Wildcards are not allowed on tag 0010,0020");
  }
  const Snapshot snapshot = searcher.services.index.snapshot();
  rest::JsonAnswer reply(answer);
  dicom::JsonWriter& json = reply.writer();
  json.begin_array();
  for (const auto& [level, id] : searcher.queries.lookup(snapshot, identifier)) {
    const rest::LevelInfo& info = rest::level_info(level);
    json.begin_object();
    json.member("ID", id);
    json.member("Path", std::string("/") + info.plural + "/" + id);
    json.member("Type", info.name);
    json.end_object();
  }
  json.end_array();
  reply.finish();
}

void labels(Searcher& searcher, Request&, Answer& answer) {
  std::string reply;
  dicom::JsonWriter json(reply);
  json.begin_array();
  for (const std::string& label : searcher.services.index.snapshot().labels()) json.string(label);
  json.end_array();
  answer.json(reply);
}

using rest::operator+;

const std::vector<RouteArgument> kWhat = {
    {HILUM_IN_BODY, "Level", "string", "Patient, Study, Series or Instance"},
    {HILUM_IN_BODY, "Query", "object", "Tags, and what they must match: value, list, wildcards, range"},
    {HILUM_IN_BODY, "Labels", "array", "Labels of the level"},
    {HILUM_IN_BODY, "LabelsConstraint", "string", "All, Any or None"},
    {HILUM_IN_BODY, "MetadataQuery", "object", "Metadata of the level, and what they must match"},
    {HILUM_IN_BODY, "ParentPatient", "string", "Id of a patient: only what is below it"},
    {HILUM_IN_BODY, "ParentStudy", "string", "Id of a study: only what is below it"},
    {HILUM_IN_BODY, "ParentSeries", "string", "Id of a series: only what is below it"}};

const std::vector<RouteArgument> kHow = {
    {HILUM_IN_BODY, "CaseSensitive", "boolean", "Distinguishes upper and lower case; false by default"},
    {HILUM_IN_BODY, "Expand", "boolean", "Objects rather than ids"},
    {HILUM_IN_BODY, "Full", "boolean", "Tags with number, name and type"},
    {HILUM_IN_BODY, "Short", "boolean", "Tags by their numbers"},
    {HILUM_IN_BODY, "Simplify", "boolean", "Tags by their names (default)"},
    {HILUM_IN_BODY, "Limit", "integer", "How many at most; 0: all"},
    {HILUM_IN_BODY, "Since", "integer", "How many to skip"},
    {HILUM_IN_BODY, "RequestedTags", "array", "More tags to report in objects"},
    {HILUM_IN_BODY, "ResponseContent", "array",
     "Parts of objects to report: MainDicomTags, Children, Parent, Labels, IsStable, Status, Metadata, "
     "Attachments, IsProtected"},
    {HILUM_IN_BODY, "OrderBy", "array",
     "Objects of Type (DicomTag, DicomTagAsInt, DicomTagAsFloat, Metadata, MetadataAsInt, MetadataAsFloat), "
     "Key and Direction (ASC, DESC)"}};

}  // namespace

void add_search_routes(Routes& routes, const Services& services) {
  const auto searcher = std::make_shared<Searcher>(services);
  const auto add = [&](Route route, void (*handler)(Searcher&, Request&, Answer&)) {
    routes.add(route, [searcher, handler](Request& request, Answer& answer) {
      handler(*searcher, request, answer);
    });
  };
  add({HILUM_POST, "/tools/find", "Searches patients, studies, series or instances", HILUM_ANSWER_JSON,
       HILUM_PERMISSION_VIEW, kWhat + kHow},
      find);
  add({HILUM_POST, "/tools/count-resources", "Counts what a search would find", HILUM_ANSWER_JSON,
       HILUM_PERMISSION_VIEW, kWhat, "1.12"},
      count_resources);
  add({HILUM_POST,
       "/tools/lookup",
       "Finds resources by PatientID or UID",
       HILUM_ANSWER_JSON,
       HILUM_PERMISSION_VIEW,
       {{HILUM_IN_BODY, "", "string", "The identifier"}}},
      lookup);
  add({HILUM_GET, "/tools/labels", "All labels in use", HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, {}, "1.12"},
      labels);
}

}  // namespace hilum::tools
