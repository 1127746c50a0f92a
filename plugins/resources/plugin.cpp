// The entry of the plugin and the table of its routes.
#include <hilum/cpp/plugin.h>
#include <hilum/draft/decoder.h>
#include <hilum/draft/encoder.h>
#include <hilum/ingest.h>
#include <hilum/rest/level_routes.h>
#include <hilum/rest/reconstruct_options.h>

#include <string>
#include <vector>

#include "content.h"
#include "export.h"
#include "file.h"
#include "labels.h"
#include "lists.h"
#include "metadata.h"
#include "protection.h"
#include "reconstruct.h"
#include "remove.h"
#include "statistics.h"
#include "tags.h"
#include "upload.h"

namespace hilum::resources {

namespace {

const Arguments kNone;
const Arguments kForm = {
    {HILUM_IN_QUERY, "simplify", "boolean", "Tags by their names; its presence counts"},
    {HILUM_IN_QUERY, "short", "boolean", "Tags by their numbers; its presence counts"},
};
const Arguments kFullForm =
    Arguments{{HILUM_IN_QUERY, "full", "boolean", "Tags with number, name and type; its presence counts"}};
const Arguments kDetails =
    kForm + kFullForm +
    Arguments{{HILUM_IN_QUERY, "requested-tags", "string", "More tags to report, separated by semicolons"},
              {HILUM_IN_QUERY, "response-content", "string",
               "Parts to report, separated by semicolons: MainDicomTags, Children, Parent, Labels, IsStable, "
               "Status, Metadata, Attachments, IsProtected"}};
const Arguments kExpand = {{HILUM_IN_QUERY, "expand", "boolean", "Objects rather than ids"}};
const Arguments kPage = {{HILUM_IN_QUERY, "since", "integer", "How many to skip; together with limit"},
                         {HILUM_IN_QUERY, "limit", "integer", "How many at most; together with since"}};
const Arguments kIgnoreLength = {{HILUM_IN_QUERY, "ignore-length", "string",
                                  "Tags, separated by commas, to report although they are long"}};
const Arguments kWhole = {{HILUM_IN_QUERY, "whole", "boolean", "Also the tags after the pixel data"}};
const Arguments kMetadataList = {{HILUM_IN_QUERY, "expand", "boolean", "Values, too"},
                                 {HILUM_IN_QUERY, "numeric", "boolean", "Numbers in place of names"}};
const Arguments kIfNoneMatch = {{HILUM_IN_HEADER, "If-None-Match", "string", "The revision that is known"}};
const Arguments kIfMatch = {
    {HILUM_IN_HEADER, "If-Match", "string", "The revision that may be replaced or deleted"}};
const Arguments kFile = {
    {HILUM_IN_QUERY, "filename", "string", "Name of the file in Content-Disposition"},
    {HILUM_IN_QUERY, "transcode", "string", "UID of the transfer syntax that the file shall have"},
    {HILUM_IN_QUERY, "lossy-quality", "integer", "Quality of lossy transfer syntaxes, 1 to 100"},
    {HILUM_IN_HEADER, "Range", "string", "bytes=first-last"},
    {HILUM_IN_HEADER, "Accept", "string", "application/dicom+json or application/dicom+xml for these forms"}};
const Arguments kReconstruct = reconstruct_arguments();
const Arguments kDicomBody = {{HILUM_IN_BODY, "", "binary", "A DICOM file or a ZIP archive of such files"}};
const Arguments kValueBody = {{HILUM_IN_BODY, "", "string", "The value"}};
const Arguments kBooleanBody = {{HILUM_IN_BODY, "", "boolean", "1, 0, true or false"}};
const Arguments kPathBody = {{HILUM_IN_BODY, "", "string", "Path of the file to write, on the server"}};

// clang-format off
const std::vector<LevelRoute>& rows() {
  static const std::vector<LevelRoute> table = {
  // --- lists and details: lists.cpp, details.cpp ---
  {kAll, HILUM_GET, "/{level}", kSameLevel, list_level, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Lists all", kPage + kExpand + kDetails},
  {kP | kSt | kI, HILUM_GET, "/{level}/{id}", kSameLevel, get_details, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Describes one", kDetails, "seed", HILUM_ROUTE_SHORT},
  {kSe, HILUM_GET, "/{level}/{id}", kSameLevel, get_details, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Describes one", kDetails},  // its status is worked out from all instances
  {kP, HILUM_GET, "/{level}/{id}/studies", HILUM_STUDY, list_descendants, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Describes the studies below", kExpand + kDetails},
  {kP | kSt, HILUM_GET, "/{level}/{id}/series", HILUM_SERIES, list_descendants, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Describes the series below", kExpand + kDetails},
  {kP | kSt | kSe, HILUM_GET, "/{level}/{id}/instances", HILUM_INSTANCE, list_descendants, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Describes the instances below", kExpand + kDetails},
  {kSt | kSe | kI, HILUM_GET, "/{level}/{id}/patient", HILUM_PATIENT, get_ancestor, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Describes the patient above", kDetails},
  {kSe | kI, HILUM_GET, "/{level}/{id}/study", HILUM_STUDY, get_ancestor, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Describes the study above", kDetails},
  {kI, HILUM_GET, "/{level}/{id}/series", HILUM_SERIES, get_ancestor, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Describes the series above", kDetails},
  {kAll, HILUM_GET, "/{level}/{id}/statistics", kSameLevel, get_statistics, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Counts and sizes", kNone},

  // --- tags of the files: tags.cpp, content.cpp, file.cpp ---
  {kI, HILUM_GET, "/{level}/{id}/tags", kSameLevel, get_tags, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Tags of the file", kForm + kIgnoreLength + kWhole},
  {kI, HILUM_GET, "/{level}/{id}/simplified-tags", kSameLevel, get_simplified_tags, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Tags of the file by their names", kIgnoreLength + kWhole},
  {kI, HILUM_GET, "/{level}/{id}/header", kSameLevel, get_header, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "File meta information (group 0002)", kForm},
  {kP | kSt | kSe, HILUM_GET, "/{level}/{id}/instances-tags", kSameLevel, get_instances_tags, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Tags of each instance below", kForm + kIgnoreLength},
  {kP | kSt | kSe, HILUM_GET, "/{level}/{id}/shared-tags", kSameLevel, get_shared_tags, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Tags that are equal in all instances below", kForm},
  {kP, HILUM_GET, "/{level}/{id}/module", HILUM_PATIENT, get_module, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Patient module of one instance below", kForm + kIgnoreLength},
  {kSt, HILUM_GET, "/{level}/{id}/module", HILUM_STUDY, get_module, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Study module of one instance below", kForm + kIgnoreLength},
  {kSe, HILUM_GET, "/{level}/{id}/module", HILUM_SERIES, get_module, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Series module of one instance below", kForm + kIgnoreLength},
  {kI, HILUM_GET, "/{level}/{id}/module", HILUM_INSTANCE, get_module, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Instance module", kForm + kIgnoreLength},
  {kSt, HILUM_GET, "/{level}/{id}/module-patient", HILUM_PATIENT, get_module, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Patient module of one instance below", kForm + kIgnoreLength},
  {kI, HILUM_GET, "/{level}/{id}/content", kSameLevel, get_content, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Tags that the file holds", kNone},
  {kI, HILUM_GET, "/{level}/{id}/content/{path*}", kSameLevel, get_content, HILUM_ANSWER_BINARY, HILUM_PERMISSION_VIEW, "Raw value of a tag, or what is below it: tag/item/tag..., 7fe0-0010/frame", kNone},
  {kI, HILUM_GET, "/{level}/{id}/file", kSameLevel, get_file, HILUM_ANSWER_DICOM, HILUM_PERMISSION_VIEW, "The DICOM file", kFile, "seed", HILUM_ROUTE_SHORT},
  {kI, HILUM_POST, "/{level}/{id}/export", kSameLevel, export_instance, HILUM_ANSWER_JSON, HILUM_PERMISSION_ADMINISTER, "Writes the DICOM file to a folder of the server", kPathBody},

  // --- in and out: upload.cpp, remove.cpp, reconstruct.cpp, protection.cpp ---
  {kI, HILUM_POST, "/{level}", kSameLevel, post_instances, HILUM_ANSWER_JSON, HILUM_PERMISSION_STORE, "Stores DICOM files", kDicomBody},
  {kAll, HILUM_DELETE, "/{level}/{id}", kSameLevel, delete_resource, HILUM_ANSWER_JSON, HILUM_PERMISSION_DELETE, "Deletes one with all below it", kNone},
  {kAll, HILUM_POST, "/{level}/{id}/reconstruct", kSameLevel, reconstruct, HILUM_ANSWER_EMPTY, HILUM_PERMISSION_EDIT, "Reads the main tags again from the files", kReconstruct},
  {kP, HILUM_GET, "/{level}/{id}/protected", kSameLevel, get_protected, HILUM_ANSWER_TEXT, HILUM_PERMISSION_VIEW, "Whether the patient is protected from recycling", kNone},
  {kP, HILUM_PUT, "/{level}/{id}/protected", kSameLevel, put_protected, HILUM_ANSWER_EMPTY, HILUM_PERMISSION_EDIT, "Protects the patient from recycling, or no longer", kBooleanBody},

  // --- metadata and labels: metadata.cpp, labels.cpp ---
  {kAll, HILUM_GET, "/{level}/{id}/metadata", kSameLevel, list_metadata, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Lists the metadata", kMetadataList},
  {kAll, HILUM_GET, "/{level}/{id}/metadata/{name}", kSameLevel, get_metadata, HILUM_ANSWER_TEXT, HILUM_PERMISSION_VIEW, "Value of one metadata", kIfNoneMatch},
  {kAll, HILUM_PUT, "/{level}/{id}/metadata/{name}", kSameLevel, put_metadata, HILUM_ANSWER_EMPTY, HILUM_PERMISSION_EDIT, "Sets one metadata", kIfMatch + kValueBody},
  {kAll, HILUM_DELETE, "/{level}/{id}/metadata/{name}", kSameLevel, delete_metadata, HILUM_ANSWER_EMPTY, HILUM_PERMISSION_EDIT, "Deletes one metadata", kIfMatch},
  {kAll, HILUM_GET, "/{level}/{id}/labels", kSameLevel, list_labels, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Lists the labels", kNone, "1.12"},
  {kAll, HILUM_GET, "/{level}/{id}/labels/{label}", kSameLevel, get_label, HILUM_ANSWER_EMPTY, HILUM_PERMISSION_VIEW, "Whether there is such a label: 200 or 404", kNone, "1.12"},
  {kAll, HILUM_PUT, "/{level}/{id}/labels/{label}", kSameLevel, put_label, HILUM_ANSWER_EMPTY, HILUM_PERMISSION_EDIT, "Adds a label", kNone, "1.12"},
  {kAll, HILUM_DELETE, "/{level}/{id}/labels/{label}", kSameLevel, delete_label, HILUM_ANSWER_EMPTY, HILUM_PERMISSION_EDIT, "Removes a label", kNone, "1.12"},
  };
  return table;
}
// clang-format on

}  // namespace

// The plugin. Made when the server starts, destroyed when it stops.
class Resources {
 public:
  static constexpr const char* kRequired[] = {HILUM_HTTP_V1,        HILUM_INDEX_V1,  HILUM_INGEST_V1,
                                              HILUM_ATTACHMENTS_V1, HILUM_CONFIG_V1, HILUM_DECODERS_DRAFT,
                                              HILUM_ENCODERS_DRAFT, nullptr};

  explicit Resources(Host host) : services_(host), routes_(host) {
    for (const LevelRoute& row : rows()) add_level_route(routes_, services_, row);
  }

 private:
  Services services_;
  Routes routes_;
};

}  // namespace hilum::resources

HILUM_PLUGIN(hilum::resources::Resources, "resources", HILUM_VERSION,
             "Patients, studies, series and instances over REST")
