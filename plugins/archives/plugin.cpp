// The entry of the plugin and its routes.
#include <hilum/cpp/plugin.h>
#include <hilum/rest/level.h>
#include <hilum/rest/level_routes.h>

#include "archives.h"
#include "deflate.h"

namespace hilum::archives {

namespace {

using rest::Arguments;
using rest::operator+;

const Arguments kQuery = {
    {HILUM_IN_QUERY, "transcode", "string",
     "UID of a transfer syntax; files that cannot have it stay as they are"},
    {HILUM_IN_QUERY, "lossy-quality", "integer", "Quality of lossy transcoding, 1 to 100"},
    {HILUM_IN_QUERY, "filename", "string", "Name of the file in Content-Disposition"}};
const Arguments kExtendedQuery = {
    {HILUM_IN_QUERY, "extended", "boolean", "SeriesDescription in the DICOMDIR; its presence counts"}};
const Arguments kResourcesQuery = {
    {HILUM_IN_QUERY, "resources", "string", "Ids of any level, separated by commas"}};
const Arguments kBody =
    Arguments{{HILUM_IN_BODY, "Transcode", "string",
               "UID of a transfer syntax; files that cannot have it stay as they are"},
              {HILUM_IN_BODY, "LossyQuality", "integer", "Quality of lossy transcoding, 1 to 100"},
              {HILUM_IN_BODY, "Filename", "string", "Name of the file in Content-Disposition"},
              {HILUM_IN_BODY, "Utf8", "boolean",
               "Keeps letters outside of ASCII in the names of folders (option ZipUseUtf8)"}} +
    rest::job_route_arguments(false);
const Arguments kExtendedBody = {{HILUM_IN_BODY, "Extended", "boolean", "SeriesDescription in the DICOMDIR"}};
const Arguments kResourcesBody = {
    {HILUM_IN_BODY, "Resources", "array", "Ids of any level; the body may be this list alone"}};

struct ListRoute {
  const char* path;
  Kind kind;
  const char* summary;
};
constexpr ListRoute kListRoutes[] = {
    {"/tools/create-archive", Kind::kArchive, "A ZIP archive of many resources"},
    {"/tools/create-media", Kind::kMedia, "A ZIP archive of many resources, with a DICOMDIR"},
    {"/tools/create-media-extended", Kind::kExtendedMedia,
     "A ZIP archive of many resources, with a DICOMDIR that has the descriptions of series"},
};

}  // namespace

Plugin::Plugin(Host host) : services_(host), log_(host), codecs_(host), transcoder_(codecs_), routes_(host) {
  services_.config.declare("ZipCompressionLevel", HILUM_OPTION_INTEGER, "1",
                           "Compression of archives: 0 (none), 1 (fastest) to 3 (smallest).");
  const int64_t level = services_.config.integer("ZipCompressionLevel");
  if (level < 0 || level > kHighestLevel) {
    throw Error(HILUM_E_OUT_OF_RANGE,
                "ZipCompressionLevel must be from 0 to " + std::to_string(kHighestLevel));
  }
  if (host.find_service<hilum_jobs_draft>(HILUM_JOBS_DRAFT)) {
    jobs_.emplace(host);
    jobs_->add_type("Archive");
    jobs_->add_type("Media");
  }
  add_resource_routes();
  add_list_routes();
}

void Plugin::add_resource_routes() {
  for (const rest::LevelInfo& level : rest::kLevels) {
    if (level.level == HILUM_INSTANCE) continue;
    for (const Kind kind : {Kind::kArchive, Kind::kMedia}) {
      const bool media = kind == Kind::kMedia;
      const std::string path = std::string("/") + level.plural + "/{id}/" + (media ? "media" : "archive");
      const std::string summary =
          std::string(level.name) + ": as a ZIP archive" + (media ? " with a DICOMDIR" : "");
      const auto handler = [this, &level, kind](bool post) {
        return [this, &level, kind, post](Request& request, Answer& reply) {
          const rest::Call call{services_, level, rest::kSameLevel, request, reply};
          answer(reply, post ? post_of_resource(call, kind) : get_of_resource(call, kind),
                 std::string(call.id()) + ".zip");
        };
      };
      routes_.add({HILUM_GET, path, summary, HILUM_ANSWER_ARCHIVE, HILUM_PERMISSION_VIEW,
                   media ? kQuery + kExtendedQuery : kQuery},
                  handler(false));
      routes_.add({HILUM_POST, path, summary, HILUM_ANSWER_ARCHIVE, HILUM_PERMISSION_VIEW,
                   media ? kBody + kExtendedBody : kBody},
                  handler(true));
    }
  }
}

void Plugin::add_list_routes() {
  for (const ListRoute& row : kListRoutes) {
    const bool media = row.kind != Kind::kArchive;
    routes_.add({HILUM_GET, row.path, row.summary, HILUM_ANSWER_ARCHIVE, HILUM_PERMISSION_VIEW,
                 kResourcesQuery + kQuery, "1.12"},
                [this, kind = row.kind](Request& request, Answer& reply) {
                  answer(reply, get_of_list(services_, request, kind), "Archive.zip");
                });
    routes_.add({HILUM_POST, row.path, row.summary, HILUM_ANSWER_ARCHIVE, HILUM_PERMISSION_VIEW,
                 kResourcesBody + (media ? kBody + kExtendedBody : kBody)},
                [this, kind = row.kind](Request& request, Answer& reply) {
                  answer(reply, post_of_list(services_, request, kind), "Archive.zip");
                });
  }
}

}  // namespace hilum::archives

HILUM_PLUGIN(hilum::archives::Plugin, "archives", HILUM_VERSION,
             "ZIP archives and DICOMDIR media of patients, studies, series and lists of resources")
