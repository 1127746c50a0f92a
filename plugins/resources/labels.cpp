#include "labels.h"

#include <hilum/dicom/json_writer.h>

namespace hilum::resources {

void list_labels(Call& call) {
  Snapshot snapshot = call.services.index.snapshot();
  std::string body;
  dicom::JsonWriter json(body);
  json.begin_array();
  for (const std::string& label : require(snapshot, call.id(), call.level.level).labels()) json.string(label);
  json.end_array();
  call.answer.json(body);
}

void get_label(Call& call) {
  Snapshot snapshot = call.services.index.snapshot();
  for (const std::string& label : require(snapshot, call.id(), call.level.level).labels()) {
    if (label == call.request.parameter("label")) return call.answer.empty();
  }
}  // no answer: 404 with an empty body

void put_label(Call& call) {
  call.services.index.add_label(call.id(), call.level.level, call.request.parameter("label"));
  call.answer.empty();
}

void delete_label(Call& call) {
  call.services.index.remove_label(call.id(), call.level.level, call.request.parameter("label"));
  call.answer.empty();
}

}  // namespace hilum::resources
