// The routes below /jobs.
#include <hilum/rest/arguments.h>
#include <hilum/rest/blob_answer.h>
#include <hilum/rest/byte_range.h>
#include <hilum/rest/json_answer.h>

#include <algorithm>
#include <vector>

#include "describe.h"
#include "plugin.h"
#include "selection.h"

namespace hilum::jobs {

namespace {

constexpr size_t kPiece = 256 << 10;

[[noreturn]] void no_output(const Request& request) {
  throw Error(HILUM_E_INEXISTENT_ITEM,
              "Job has no such output: " + std::string(request.parameter("key").substr(0, 256)));
}

void send(Answer& answer, const Output& output, rest::ByteRange range) {
  std::vector<char> buffer(kPiece);
  answer.begin(output.media_type().empty() ? "application/octet-stream" : output.media_type(), range.length);
  while (range.length > 0) {
    const auto size = static_cast<size_t>(std::min<uint64_t>(range.length, buffer.size()));
    output.read(range.offset, buffer.data(), size);
    answer.write({buffer.data(), size});
    range.offset += size;
    range.length -= size;
  }
  answer.end();
}

}  // namespace

void Plugin::list(Request& request, Answer& answer) const {
  const Selection selection(request);
  const bool expand = rest::flag(request, "expand");
  std::vector<std::string> ids = engine_.ids();
  if (!selection.selects_all()) {
    std::vector<JobFacts> matches = engine_.changed_since(
        0, [&](const JobFacts& facts) { return selection.matches(facts); }, false);
    std::sort(matches.begin(), matches.end(),
              [&](const JobFacts& a, const JobFacts& b) { return selection.before(a, b); });
    ids.clear();
    for (JobFacts& match : matches) {
      ids.push_back(std::move(match.id));
    }
  }
  rest::JsonAnswer json(answer);
  json.writer().begin_array();
  for (const std::string& id : ids) {
    if (!expand) {
      json.writer().string(id);
    } else if (const std::optional<JobFacts> facts = engine_.facts(id)) {
      write_job(json.writer(), *facts);
    }
    json.flush();
  }
  json.writer().end_array();
  json.finish();
}

// An unknown one: 404 with an empty body.
void Plugin::get(Request& request, Answer& answer) const {
  if (const std::optional<JobFacts> facts = engine_.facts(request.parameter("id"))) {
    std::string text;
    dicom::JsonWriter json(text);
    write_job(json, *facts);
    answer.json(text);
  }
}

void Plugin::get_output(Request& request, Answer& answer) const {
  const auto output = engine_.output(request.parameter("id"), request.parameter("key"));
  if (!output) {
    no_output(request);
  }
  if (!output->file_name().empty()) {
    answer.header("Content-Disposition", rest::content_disposition(output->file_name()));
  }
  answer.header("Accept-Ranges", "bytes");
  rest::ByteRange range{0, output->size()};
  // Without a validator, If-Range asks for the whole (RFC 7233, 3.2).
  if (const auto header = request.header("range"); header && !request.header("if-range")) {
    if (const auto wanted = rest::parse_byte_range(*header, output->size())) {
      if (wanted->length == 0) {
        throw Error(HILUM_E_BAD_RANGE, "the output has " + std::to_string(output->size()) + " bytes");
      }
      range = *wanted;
      answer.status(206);
      answer.header("Content-Range", "bytes " + std::to_string(range.offset) + "-" +
                                         std::to_string(range.offset + range.length - 1) + "/" +
                                         std::to_string(output->size()));
    }
  }
  send(answer, *output, range);
}

void Plugin::remove(Request& request, Answer& answer) {
  if (!engine_.remove(request.parameter("id"))) {
    throw Error(HILUM_E_INEXISTENT_ITEM,
                "No job found with this id: " + std::string(request.parameter("id").substr(0, 256)));
  }
  answer.empty();
}

void Plugin::remove_output(Request& request, Answer& answer) {
  if (!engine_.remove_output(request.parameter("id"), request.parameter("key"))) {
    no_output(request);
  }
  answer.empty();
}

// An unknown job, or one in another state: 400 with an empty body.
void Plugin::add_change_routes() {
  const auto change = [this](const char* name, const char* summary,
                             bool (Engine::*function)(std::string_view)) {
    routes_.add(
        {HILUM_POST, std::string("/jobs/{id}/") + name, summary, HILUM_ANSWER_JSON, HILUM_PERMISSION_EDIT},
        [this, function](Request& request, Answer& answer) {
          if ((engine_.*function)(request.parameter("id"))) {
            answer.bytes("application/json", "{}");
          }
        });
  };
  change("pause", "Pauses a job, a running one after its present step", &Engine::pause);
  change("cancel", "Cancels a job, a running one after its present step", &Engine::cancel);
  change("resume", "Goes on with a paused job", &Engine::resume);
  change("resubmit", "Runs a job that has failed once more", &Engine::resubmit);
}

void Plugin::add_routes() {
  std::vector<RouteArgument> arguments = selection_arguments(true);
  arguments.push_back({HILUM_IN_QUERY, "expand", "boolean", "The jobs themselves, not only their ids"});
  routes_.add({HILUM_GET, "/jobs", "Ids of the jobs, ascending", HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW,
               std::move(arguments)},
              [this](Request& request, Answer& answer) { list(request, answer); });
  routes_.add({HILUM_GET, "/jobs/events", "Jobs as they are, then each as it changes, as server-sent events",
               HILUM_ANSWER_TEXT, HILUM_PERMISSION_VIEW, selection_arguments(false), "hilum"},
              [this](Request& request, Answer& answer) { streams_.serve(request, answer); });
  routes_.add({HILUM_GET, "/jobs/{id}", "One job", HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW},
              [this](Request& request, Answer& answer) { get(request, answer); });
  routes_.add({HILUM_DELETE,
               "/jobs/{id}",
               "Forgets a job that has ended, with its outputs",
               HILUM_ANSWER_EMPTY,
               HILUM_PERMISSION_EDIT,
               {},
               "1.12"},
              [this](Request& request, Answer& answer) { remove(request, answer); });
  routes_.add({HILUM_GET, "/jobs/{id}/{key}", "What a job has made, such as an archive", HILUM_ANSWER_BINARY,
               HILUM_PERMISSION_VIEW},
              [this](Request& request, Answer& answer) { get_output(request, answer); });
  routes_.add({HILUM_DELETE,
               "/jobs/{id}/{key}",
               "Deletes what a job has made",
               HILUM_ANSWER_EMPTY,
               HILUM_PERMISSION_EDIT,
               {},
               "1.12"},
              [this](Request& request, Answer& answer) { remove_output(request, answer); });
  add_change_routes();
}

}  // namespace hilum::jobs
