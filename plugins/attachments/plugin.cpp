// The entry of the plugin and the table of its routes.
#include <hilum/cpp/plugin.h>
#include <hilum/rest/level_routes.h>

#include "change.h"
#include "content.h"
#include "describe.h"

namespace hilum::attachments {

namespace {

const Arguments kNone;
const Arguments kFull = {{HILUM_IN_QUERY, "full", "boolean", "Numbers, too; its presence counts"}};
const Arguments kIfNoneMatch = {{HILUM_IN_HEADER, "If-None-Match", "string", "The revision that is known"}};
const Arguments kData =
    kIfNoneMatch +
    Arguments{{HILUM_IN_QUERY, "filename", "string", "Name of the file in Content-Disposition"},
              {HILUM_IN_HEADER, "Range", "string", "bytes=first-last"},
              {HILUM_IN_HEADER, "If-Range", "string", "The revision that the range must be of"}};
const Arguments kIfMatch = {
    {HILUM_IN_HEADER, "If-Match", "string", "The revision that may be replaced or deleted"}};
const Arguments kPut = kIfMatch + Arguments{{HILUM_IN_BODY, "", "binary", "The content"}};

// clang-format off
const std::vector<LevelRoute>& rows() {
  static const std::vector<LevelRoute> table = {
  // --- describe.cpp ---
  {kAll, HILUM_GET, "/{level}/{id}/attachments", kSameLevel, list_attachments, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Lists the attachments", kFull},
  {kAll, HILUM_GET, "/{level}/{id}/attachments/{name}", kSameLevel, list_operations, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Lists what can be asked of an attachment", kIfNoneMatch},
  {kAll, HILUM_GET, "/{level}/{id}/attachments/{name}/size", kSameLevel, get_size, HILUM_ANSWER_TEXT, HILUM_PERMISSION_VIEW, "Size of the content", kIfNoneMatch, "seed", HILUM_ROUTE_SHORT},
  {kAll, HILUM_GET, "/{level}/{id}/attachments/{name}/compressed-size", kSameLevel, get_stored_size, HILUM_ANSWER_TEXT, HILUM_PERMISSION_VIEW, "Size as stored", kIfNoneMatch, "seed", HILUM_ROUTE_SHORT},
  {kAll, HILUM_GET, "/{level}/{id}/attachments/{name}/md5", kSameLevel, get_md5, HILUM_ANSWER_TEXT, HILUM_PERMISSION_VIEW, "MD5 of the content", kIfNoneMatch, "seed", HILUM_ROUTE_SHORT},
  {kAll, HILUM_GET, "/{level}/{id}/attachments/{name}/compressed-md5", kSameLevel, get_stored_md5, HILUM_ANSWER_TEXT, HILUM_PERMISSION_VIEW, "MD5 as stored", kIfNoneMatch, "seed", HILUM_ROUTE_SHORT},
  {kAll, HILUM_GET, "/{level}/{id}/attachments/{name}/is-compressed", kSameLevel, get_is_compressed, HILUM_ANSWER_TEXT, HILUM_PERMISSION_VIEW, "Whether it is stored compressed: 1 or 0", kIfNoneMatch, "seed", HILUM_ROUTE_SHORT},
  {kAll, HILUM_GET, "/{level}/{id}/attachments/{name}/info", kSameLevel, get_info, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Sizes, MD5 and UUID of an attachment", kIfNoneMatch, "1.12", HILUM_ROUTE_SHORT},

  // --- content.cpp ---
  {kAll, HILUM_GET, "/{level}/{id}/attachments/{name}/data", kSameLevel, get_data, HILUM_ANSWER_BINARY, HILUM_PERMISSION_VIEW, "The content", kData, "seed", HILUM_ROUTE_SHORT},
  {kAll, HILUM_GET, "/{level}/{id}/attachments/{name}/compressed-data", kSameLevel, get_stored_data, HILUM_ANSWER_BINARY, HILUM_PERMISSION_VIEW, "The bytes as stored: compressed, they are the 8-byte little-endian size of the content and a zlib stream", kData, "seed", HILUM_ROUTE_SHORT},
  {kAll, HILUM_POST, "/{level}/{id}/attachments/{name}/verify-md5", kSameLevel, verify_md5, HILUM_ANSWER_JSON, HILUM_PERMISSION_VIEW, "Reads the attachment and compares its MD5: 200 or 400", kNone},

  // --- change.cpp ---
  {kAll, HILUM_PUT, "/{level}/{id}/attachments/{name}", kSameLevel, put_attachment, HILUM_ANSWER_JSON, HILUM_PERMISSION_EDIT, "Sets a user attachment", kPut},
  {kAll, HILUM_DELETE, "/{level}/{id}/attachments/{name}", kSameLevel, delete_attachment, HILUM_ANSWER_EMPTY, HILUM_PERMISSION_EDIT, "Deletes a user attachment", kIfMatch},
  {kAll, HILUM_POST, "/{level}/{id}/attachments/{name}/compress", kSameLevel, compress, HILUM_ANSWER_JSON, HILUM_PERMISSION_EDIT, "Stores the attachment compressed", kNone},
  {kAll, HILUM_POST, "/{level}/{id}/attachments/{name}/uncompress", kSameLevel, uncompress, HILUM_ANSWER_JSON, HILUM_PERMISSION_EDIT, "Stores the attachment uncompressed", kNone},
  };
  return table;
}
// clang-format on

}  // namespace

// The plugin. Made when the server starts, destroyed when it stops.
class AttachmentsPlugin {
 public:
  static constexpr const char* kRequired[] = {HILUM_HTTP_V1, HILUM_INDEX_V1, HILUM_ATTACHMENTS_V1,
                                              HILUM_CONFIG_V1, nullptr};

  explicit AttachmentsPlugin(Host host) : facts_(host), routes_(host) {
    for (const LevelRoute& row : rows()) add_level_route(routes_, facts_, row);
  }

 private:
  Facts facts_;
  Routes routes_;
};

}  // namespace hilum::attachments

HILUM_PLUGIN(hilum::attachments::AttachmentsPlugin, "attachments", HILUM_VERSION,
             "Attachments of patients, studies, series and instances over REST")
