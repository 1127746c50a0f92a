// POST /modalities/{id}/echo and /tools/dicom-echo.
#include <hilum/dicom/query_identifier.h>
#include <hilum/dicom/uid.h>
#include <hilum/rest/job_answer.h>
#include <hilum/rest/remote_query.h>
#include <hilum/rest/styled_json.h>

#include "routes.h"

namespace hilum::modalities {

namespace {

// C-ECHO; then, if wanted, a C-FIND that finds nothing, for peers that answer the one without serving the other.
void echo(const Tools& tools, const ScuTarget& target, const Json::Value& body) {
  const bool checks_find =
      rest::boolean_field(body, "CheckFind", tools.services.config.boolean("DicomEchoChecksFind"));
  const rest::DirectCalls::Call direct(tools.direct_calls);
  tools.scu.echo(target);
  if (!checks_find) return;
  const dicom::QueryKeys nothing = {{dicom::kStudyInstanceUid, dicom::new_uid()}};
  const std::string identifier =
      dicom::write_identifier(dicom::Level::Study, nothing, tools.services.default_encoding());
  tools.scu.find(target, HILUM_SCU_STUDY_ROOT, identifier, [](std::string_view) { return false; });
}

void echo_modality(const Context& context, const Request& request, Answer& answer) {
  const std::string modality = require_modality(context.tools, request);
  const Json::Value body = json_body(request, true);
  echo(context.tools, target_of(context.tools, modality, read_overrides(body, false)), body);
  answer.bytes("application/json", "{}");
}

// The body is a definition, with what echo takes beside it.
void echo_anybody(const Context& context, const Request& request, Answer& answer) {
  const Json::Value body = json_body(request, false);
  ScuTarget target = target_of(context.tools, {}, {});
  target.definition = context.tools.modalities.normalize(rest::compact(body));
  target.timeout = rest::seconds_field(body, "Timeout");
  echo(context.tools, target, body);
  answer.bytes("application/json", "{}");
}

const RouteArgument kCheckFind = {HILUM_IN_BODY, "CheckFind", "boolean",
                                  "Also try a C-FIND; the option DicomEchoChecksFind if absent"};

}  // namespace

void add_echo_routes(Routes& routes, const Context& context) {
  routes.add({HILUM_POST,
              "/modalities/{id}/echo",
              "Asks a DICOM system for a sign of life",
              HILUM_ANSWER_JSON,
              HILUM_PERMISSION_EXPORT,
              {kCheckFind, {HILUM_IN_BODY, "Timeout", "integer", "Seconds to wait; 0: without limit"}}},
             [&context](Request& request, Answer& answer) { echo_modality(context, request, answer); });
  std::vector<RouteArgument> arguments = definition_arguments();
  arguments.push_back(kCheckFind);
  routes.add({HILUM_POST, "/tools/dicom-echo",
              "Asks a DICOM system for a sign of life that the server need not know", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_ADMINISTER, std::move(arguments)},
             [&context](Request& request, Answer& answer) { echo_anybody(context, request, answer); });
}

}  // namespace hilum::modalities
