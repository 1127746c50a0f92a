#include "lists.h"

#include <hilum/rest/arguments.h>
#include <hilum/rest/details.h>
#include <hilum/rest/json_answer.h>

namespace hilum::resources {

void list_level(Call& call) {
  Page wanted = page(call.request);
  bool expand = flag(call.request, "expand") || has_response_content(call.request);
  DetailOptions options = detail_options(call.request);
  Snapshot snapshot = call.services.index.snapshot();
  JsonAnswer answer(call.answer);
  answer.writer().begin_array();
  snapshot.list(call.level.level, wanted.since, wanted.limit, [&](std::string_view id) {
    if (!expand) {
      answer.writer().string(id);
    } else if (std::optional<Resource> resource = snapshot.find(id, call.level.level)) {
      write_details(answer.writer(), call.services, snapshot, *resource, options);
    }
    answer.flush();
  });
  answer.writer().end_array();
  answer.finish();
}

// An id of another level than the path says is no error as long as it could have something that far below it:
// clients know an empty list then.
void list_descendants(Call& call) {
  bool expand = flag(call.request, "expand", true) || has_response_content(call.request);
  DetailOptions options = detail_options(call.request);
  Snapshot snapshot = call.services.index.snapshot();
  Resource resource = require(snapshot, call.id());
  uint32_t depth = call.target - call.level.level;
  if (resource.level() + depth > HILUM_INSTANCE) {
    throw Error(HILUM_E_BAD_TYPE, std::string("the id belongs to a resource of type ") +
                                      level_info(resource.level()).name + ", not " + call.level.name);
  }
  if (resource.level() != call.level.level) return call.answer.json("[]");
  JsonAnswer answer(call.answer);
  answer.writer().begin_array();
  resource.descendants(call.target, [&](std::string_view id) {
    if (!expand) {
      answer.writer().string(id);
    } else if (std::optional<Resource> child = snapshot.find(id, call.target)) {
      write_details(answer.writer(), call.services, snapshot, *child, options);
    }
    answer.flush();
  });
  answer.writer().end_array();
  answer.finish();
}

void get_ancestor(Call& call) {
  DetailOptions options = detail_options(call.request);
  Snapshot snapshot = call.services.index.snapshot();
  Resource resource = require(snapshot, call.id());
  if (resource.level() != call.level.level) return;  // 404 with an empty body
  Resource ancestor = resource.ancestor(call.target);
  std::string body;
  dicom::JsonWriter json(body);
  write_details(json, call.services, snapshot, ancestor, options);
  call.answer.json(body);
}

void get_details(Call& call) {
  DetailOptions options = detail_options(call.request);
  Snapshot snapshot = call.services.index.snapshot();
  std::optional<Resource> resource = snapshot.find(call.id(), call.level.level);
  if (!resource) return;  // 404 with an empty body
  std::string body;
  dicom::JsonWriter json(body);
  write_details(json, call.services, snapshot, *resource, options);
  call.answer.json(body);
}

}  // namespace hilum::resources
