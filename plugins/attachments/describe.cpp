#include "describe.h"

#include <hilum/dicom/json_writer.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/revisions.h>

#include <map>

namespace hilum::attachments {

namespace {

// Gives the facts about the attachment that the path names to `answer`, unless the client has this revision
// already. The level of the id is not checked, as clients know it.
template <typename Answer>
void describe(Call& call, Answer&& answer) {
  const int32_t type = asked_type(call);
  Snapshot snapshot = call.services.index.snapshot();
  bool is_found = false;
  require(snapshot, call.id()).attachments([&](const hilum_attachment& attachment) {
    if (attachment.type != type) return;
    is_found = true;
    const std::string_view md5 = to_view(attachment.content_md5);
    call.answer.header("ETag", entity_tag(attachment.revision, md5));
    if (client_has(call.request, attachment.revision, md5)) return call.answer.bare(304);
    answer(attachment);
  });
  if (!is_found) throw Error(HILUM_E_UNKNOWN_RESOURCE);
}

void answer_number(Call& call, uint64_t hilum_attachment::*number) {
  describe(call, [&](const hilum_attachment& facts) { call.answer.text(std::to_string(facts.*number)); });
}

// 404 with an empty body if no MD5 was computed.
void answer_md5(Call& call, hilum_text hilum_attachment::*md5) {
  describe(call, [&](const hilum_attachment& facts) {
    if (to_view(facts.*md5).empty()) return call.answer.bare(404);
    call.answer.text(to_view(facts.*md5));
  });
}

}  // namespace

void list_attachments(Call& call) {
  const NumberedNames& names = facts(call).types;
  Snapshot snapshot = call.services.index.snapshot();
  Resource resource = require(snapshot, call.id(), call.level.level);
  std::string body;
  dicom::JsonWriter json(body);
  if (call.request.has_query("full")) {
    std::map<std::string, int32_t> types;
    resource.attachments([&](const hilum_attachment& a) { types[names.name_of(a.type)] = a.type; });
    json.begin_object();
    for (const auto& [name, type] : types) json.member(name, int64_t{type});
    json.end_object();
  } else {
    json.begin_array();
    resource.attachments([&](const hilum_attachment& a) { json.string(names.name_of(a.type)); });
    json.end_array();
  }
  call.answer.json(body);
}

void list_operations(Call& call) {
  describe(call, [&](const hilum_attachment& attachment) {
    const bool has_md5 = attachment.content_md5.size > 0;
    std::string body;
    dicom::JsonWriter json(body);
    json.begin_array();
    json.string("compress");
    json.string("compressed-data");
    if (has_md5) json.string("compressed-md5");
    json.string("compressed-size");
    json.string("data");
    json.string("info");
    json.string("is-compressed");
    if (has_md5) json.string("md5");
    json.string("size");
    json.string("uncompress");
    if (has_md5) json.string("verify-md5");
    json.end_array();
    call.answer.json(body);
  });
}

void get_size(Call& call) { answer_number(call, &hilum_attachment::content_size); }
void get_stored_size(Call& call) { answer_number(call, &hilum_attachment::stored_size); }
void get_md5(Call& call) { answer_md5(call, &hilum_attachment::content_md5); }
void get_stored_md5(Call& call) { answer_md5(call, &hilum_attachment::stored_md5); }

void get_is_compressed(Call& call) {
  describe(call, [&](const hilum_attachment& facts) { call.answer.text(facts.compressed ? "1" : "0"); });
}

void get_info(Call& call) {
  describe(call, [&](const hilum_attachment& facts) {
    std::string body;
    dicom::JsonWriter json(body);
    json.begin_object();
    json.member("CompressedMD5", to_view(facts.stored_md5));
    json.member("CompressedSize", static_cast<int64_t>(facts.stored_size));
    json.member("ContentType", int64_t{facts.type});
    json.member("UncompressedMD5", to_view(facts.content_md5));
    json.member("UncompressedSize", static_cast<int64_t>(facts.content_size));
    json.member("Uuid", to_view(facts.uuid));
    json.end_object();
    call.answer.json(body);
  });
}

}  // namespace hilum::attachments
