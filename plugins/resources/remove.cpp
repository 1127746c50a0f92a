#include "remove.h"

#include <hilum/dicom/json_writer.h>

namespace hilum::resources {

void delete_resource(Call& call) {
  RemainingAncestor remaining;
  try {
    remaining = call.services.index.delete_resource(call.id(), call.level.level);
  } catch (const Error& error) {
    if (error.code() == HILUM_E_UNKNOWN_RESOURCE) return;  // 404 with an empty body
    throw;
  }
  std::string body;
  dicom::JsonWriter json(body);
  json.begin_object();
  json.key("RemainingAncestor");
  if (remaining.level) {
    const LevelInfo& level = level_info(remaining.level);
    json.begin_object();
    json.member("ID", remaining.id);
    json.member("Path", std::string("/") + level.plural + "/" + remaining.id);
    json.member("Type", level.name);
    json.end_object();
  } else {
    json.null();
  }
  json.end_object();
  call.answer.json(body);
}

}  // namespace hilum::resources
