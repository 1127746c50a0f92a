#include "change.h"

#include <hilum/rest/md5.h>
#include <hilum/rest/revisions.h>

namespace hilum::attachments {

namespace {

bool is_user_type(int32_t type) { return type >= kFirstUserNumber && type <= kLastUserNumber; }

void set_compressed(Call& call, bool compressed) {
  call.services.attachments.set_compressed(call.id(), asked_type(call), compressed);
  call.answer.bytes("application/json", "{}");
}

}  // namespace

// The level of the id is not checked, as clients know it. The body is never in memory as a whole.
void put_attachment(Call& call) {
  const int32_t type = asked_type(call);
  if (!is_user_type(type)) return call.answer.bare(403);
  WriteCondition condition(call.request, WriteCondition::Kind::Put, call.services.check_revisions);
  Md5 md5;
  uint64_t offset = 0;
  const int64_t revision = call.services.attachments.put_from(
      call.id(), type,
      [&](void* buffer, size_t capacity) {
        const size_t count = call.request.read_body(offset, buffer, capacity);
        md5.update(buffer, count);
        offset += count;
        return count;
      },
      condition.get());
  call.answer.header("ETag", entity_tag(revision, facts(call).has_md5 ? md5.finish() : std::string()));
  call.answer.bytes("application/json", "{}");
}

void delete_attachment(Call& call) {
  const int32_t type = asked_type(call);
  if (!is_user_type(type) && type != HILUM_ATTACHMENT_DICOM_AS_JSON) return call.answer.bare(403);
  WriteCondition condition(call.request, WriteCondition::Kind::Delete, call.services.check_revisions);
  call.services.attachments.remove(call.id(), type, condition.get());
  call.answer.empty();
}

void compress(Call& call) { set_compressed(call, true); }
void uncompress(Call& call) { set_compressed(call, false); }

}  // namespace hilum::attachments
