// The changes plugin: /changes and /exports.
#include <hilum/cpp/plugin.h>
#include <hilum/rest/json_answer.h>
#include <hilum/rest/level.h>

#include "change_types.h"
#include "page.h"

namespace hilum::changes {

namespace {

const std::vector<RouteArgument> kPage = {
    {HILUM_IN_QUERY, "since", "integer", "Only rows with a greater sequence"},
    {HILUM_IN_QUERY, "limit", "integer", "How many rows at most; 100 if absent"},
    {HILUM_IN_QUERY, "last", "boolean", "Only the last row; its presence counts"},
    {HILUM_IN_QUERY, "to", "integer", "Only rows up to this sequence; without since, the last ones of them"}};

std::vector<RouteArgument> with_type(std::vector<RouteArgument> arguments) {
  arguments.push_back(
      {HILUM_IN_QUERY, "type", "string", "Only changes of these types, separated by semicolons"});
  return arguments;
}

void write_change(dicom::JsonWriter& json, const hilum_event& change) {
  json.begin_object();
  json.member("ChangeType", name_of(change.type));
  write_resource(json, change.level, to_view(change.resource), change.time_ms);
  json.member("ResourceType", rest::level_info(change.level).name);
  json.member("Seq", change.sequence);
  json.end_object();
}

void write_export(dicom::JsonWriter& json, const hilum_export& row) {
  auto identifier = [&](const char* key, hilum_text value) {
    if (value.data) json.member(key, to_view(value));
  };
  json.begin_object();
  write_resource(json, row.level, to_view(row.resource), row.time_ms);
  identifier("PatientID", row.patient_id);
  json.member("RemoteModality", to_view(row.remote));
  json.member("ResourceType", rest::level_info(row.level).name);
  identifier("SOPInstanceUID", row.sop_instance_uid);
  json.member("Seq", row.sequence);
  identifier("SeriesInstanceUID", row.series_instance_uid);
  identifier("StudyInstanceUID", row.study_instance_uid);
  json.end_object();
}

}  // namespace

// The plugin. Made when the server starts, destroyed when it stops. Handlers run on any thread.
class ChangesPlugin {
 public:
  static constexpr const char* kRequired[] = {HILUM_HTTP_V1, HILUM_INDEX_V1, HILUM_CHANGES_V1, nullptr};

  explicit ChangesPlugin(Host host) : index_(host), changes_(host), routes_(host) {
    routes_.add({HILUM_GET, "/changes", "Lists what has changed, oldest first", HILUM_ANSWER_JSON,
                 HILUM_PERMISSION_VIEW, with_type(kPage)},
                [this](Request& request, Answer& answer) { list_changes(request, answer); });
    routes_.add({HILUM_DELETE, "/changes", "Empties the list of changes", HILUM_ANSWER_EMPTY,
                 HILUM_PERMISSION_ADMINISTER},
                [this](Request&, Answer& answer) {
                  changes_.clear_changes();
                  answer.empty();
                });
    routes_.add({HILUM_GET, "/exports", "Lists what was sent to other systems, oldest first",
                 HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, kPage},
                [this](Request& request, Answer& answer) { list_exports(request, answer); });
    routes_.add({HILUM_DELETE, "/exports", "Empties the list of exports", HILUM_ANSWER_EMPTY,
                 HILUM_PERMISSION_ADMINISTER},
                [this](Request&, Answer& answer) {
                  changes_.clear_exports();
                  answer.empty();
                });
  }

 private:
  // One page: the rows that `read` finds, under the key `rows`.
  template <typename Read>
  static void answer_page(Answer& answer, const Page& page, const char* rows, int64_t otherwise,
                          Read&& read) {
    rest::JsonAnswer body(answer);
    dicom::JsonWriter& json = body.writer();
    json.begin_object();
    json.key(rows);
    json.begin_array();
    const LogPage found = read(body);
    json.end_array();
    page.write_position(json, found, otherwise);
    json.end_object();
    body.finish();
  }

  void list_changes(Request& request, Answer& answer) const {
    Page page(request, true);
    Snapshot snapshot = index_.snapshot();
    answer_page(answer, page, "Changes", changes_.last_change(snapshot), [&](rest::JsonAnswer& body) {
      return changes_.changes(snapshot, page.query(), [&](const hilum_event& change) {
        write_change(body.writer(), change);
        page.add(change.sequence);
        body.flush();
      });
    });
  }

  void list_exports(Request& request, Answer& answer) const {
    Page page(request, false);
    Snapshot snapshot = index_.snapshot();
    answer_page(answer, page, "Exports", page.query().since, [&](rest::JsonAnswer& body) {
      return changes_.exports(snapshot, page.query(), [&](const hilum_export& row) {
        write_export(body.writer(), row);
        page.add(row.sequence);
        body.flush();
      });
    });
  }

  Index index_;
  Changes changes_;
  Routes routes_;
};

}  // namespace hilum::changes

HILUM_PLUGIN(hilum::changes::ChangesPlugin, "changes", HILUM_VERSION,
             "The logs of changes and exports over REST: /changes, /exports")
