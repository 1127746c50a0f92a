#include "metadata.h"

#include <hilum/dicom/json_writer.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/revisions.h>

#include <map>
#include <vector>

namespace hilum::resources {

namespace {

struct Entry {
  std::string value;
  int64_t revision = 0;
};

std::map<int32_t, Entry> all_of(const Resource& resource) {
  std::map<int32_t, Entry> entries;
  resource.metadata([&](int32_t key, std::string_view value, int64_t revision) {
    entries[key] = {std::string(value), revision};
  });
  return entries;
}

}  // namespace

// Arrays ascend by number, objects by key.
void list_metadata(Call& call) {
  bool expand = flag(call.request, "expand");
  bool numeric = flag(call.request, "numeric");
  Snapshot snapshot = call.services.index.snapshot();
  std::map<int32_t, Entry> entries = all_of(require(snapshot, call.id(), call.level.level));
  const MetadataNames& names = call.services.metadata_names;
  std::string body;
  dicom::JsonWriter json(body);
  if (expand) {
    std::map<std::string, std::string_view> sorted;
    for (const auto& [key, entry] : entries) {
      sorted[numeric ? std::to_string(key) : names.name_of(key)] = entry.value;
    }
    json.begin_object();
    for (const auto& [name, value] : sorted) json.member(name, value);
    json.end_object();
  } else {
    json.begin_array();
    for (const auto& [key, entry] : entries) {
      if (numeric) {
        json.integer(key);
      } else {
        json.string(names.name_of(key));
      }
    }
    json.end_array();
  }
  call.answer.json(body);
}

void get_metadata(Call& call) {
  int32_t wanted = call.services.metadata_names.key_of(call.request.parameter("name"));
  Snapshot snapshot = call.services.index.snapshot();
  Resource resource = require(snapshot, call.id(), call.level.level);
  std::map<int32_t, Entry> entries = all_of(resource);
  auto found = entries.find(wanted);
  if (found == entries.end()) return;  // 404 with an empty body
  const Entry& entry = found->second;
  std::string md5 = md5_hex(entry.value);
  call.answer.header("ETag", entity_tag(entry.revision, md5));
  if (client_has(call.request, entry.revision, md5)) {
    call.answer.bare(304);
  } else {
    call.answer.text(entry.value);
  }
}

// The level of the id is not checked, as clients know it.
void put_metadata(Call& call) {
  int32_t key = call.services.metadata_names.key_of(call.request.parameter("name"));
  if (!is_user_metadata(key)) return call.answer.bare(403);
  WriteCondition condition(call.request, WriteCondition::Kind::Put, call.services.check_revisions);
  std::string value = call.request.body();
  int64_t revision = call.services.index.set_metadata(call.id(), key, value, condition.get());
  call.answer.header("ETag", entity_tag(revision, md5_hex(value)));
  call.answer.empty();
}

void delete_metadata(Call& call) {
  int32_t key = call.services.metadata_names.key_of(call.request.parameter("name"));
  if (!is_user_metadata(key)) return call.answer.bare(403);
  WriteCondition condition(call.request, WriteCondition::Kind::Delete, call.services.check_revisions);
  call.services.index.delete_metadata(call.id(), key, condition.get());
  call.answer.empty();
}

}  // namespace hilum::resources
