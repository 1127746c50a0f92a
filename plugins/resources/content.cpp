#include "content.h"

#include <hilum/dicom/content.h>
#include <hilum/dicom/json_writer.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/stored_file.h>

namespace hilum::resources {

namespace {

// Twice the depth that a data set may have, and its leaf (hilum/dicom/structure.h): longer paths lead
// nowhere.
constexpr size_t kLongestPath = 200;

std::vector<std::string> path_segments(std::string_view path) {
  std::vector<std::string> segments;
  for (std::string& segment : split(path, '/')) {
    if (!segment.empty()) segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace

void get_content(Call& call) {
  Snapshot snapshot = call.services.index.snapshot();
  StoredFile file(call.services, require(snapshot, call.id(), HILUM_INSTANCE));
  std::vector<std::string> segments = path_segments(call.request.parameter("path"));
  if (segments.size() > kLongestPath) return;  // 404 with an empty body
  std::optional<dicom::Content> content = dicom::find_content(file.structure(), segments);
  if (!content) return;
  switch (content->kind) {
    case dicom::Content::Kind::List: {
      std::string body;
      dicom::JsonWriter json(body);
      json.begin_array();
      for (const std::string& name : content->names) json.string(name);
      json.end_array();
      call.answer.json(body);
      break;
    }
    case dicom::Content::Kind::Range:
      call.answer.blob_range("application/octet-stream", file.blob(), content->offset, content->length);
      break;
    case dicom::Content::Kind::Bytes:
      call.answer.bytes("application/octet-stream", content->bytes);
      break;
  }
}

}  // namespace hilum::resources
