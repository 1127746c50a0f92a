#include "content.h"

#include <hilum/rest/blob_answer.h>
#include <hilum/rest/md5.h>
#include <hilum/rest/revisions.h>

#include <array>

namespace hilum::attachments {

namespace {

// The ETag of a blob as it was opened, which may be newer than the index that led to it. Empty if the client
// has this revision already: the answer is then given.
std::string answer_etag(Call& call, const hilum_attachment& facts, std::string_view content_md5) {
  std::string etag = entity_tag(facts.revision, content_md5);
  call.answer.header("ETag", etag);
  if (!client_has(call.request, facts.revision, content_md5)) return etag;
  call.answer.bare(304);
  return {};
}

std::string md5_of(const Blob& blob) {
  Md5 md5;
  std::array<char, 64 << 10> piece;
  for (uint64_t offset = 0;;) {
    const size_t count = blob.read(offset, piece.data(), piece.size());
    if (count == 0) return md5.finish();
    md5.update(piece.data(), count);
    offset += count;
  }
}

bool has_md5(const Blob& blob) {
  const std::string_view expected = to_view(blob.info().content_md5);
  return !expected.empty() && md5_of(blob) == expected;
}

// The stored form, and the MD5 of the same content. What is opened may be newer than the snapshot that it was looked
// up in, if the attachment has just been replaced: then once more.
std::pair<Blob, std::string> open_stored(const Call& call, int32_t type) {
  constexpr int kAttempts = 10;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Snapshot snapshot = call.services.index.snapshot();
    const Resource resource = require(snapshot, call.id());
    std::string uuid, md5;
    resource.attachments([&](const hilum_attachment& attachment) {
      if (attachment.type != type) return;
      uuid = to_view(attachment.uuid);
      md5 = to_view(attachment.content_md5);
    });
    Blob blob = call.services.attachments.open_stored(resource, type);
    if (to_view(blob.info().uuid) == uuid) return {std::move(blob), std::move(md5)};
  }
  throw Error(HILUM_E_BUSY, "the attachment is replaced again and again");
}

}  // namespace

void get_data(Call& call) {
  const int32_t type = asked_type(call);
  Snapshot snapshot = call.services.index.snapshot();
  Blob blob = call.services.attachments.open(require(snapshot, call.id()), type);
  const hilum_attachment info = blob.info();
  const std::string etag = answer_etag(call, info, to_view(info.content_md5));
  if (etag.empty()) return;
  std::string name(call.request.query("filename").value_or(""));
  if (name.empty()) name = std::string(to_view(info.uuid)) + suffix_of(type);
  call.answer.header("Content-Disposition", content_disposition(name));
  answer_blob(call, mime_of(facts(call), type), blob, etag);
}

void get_stored_data(Call& call) {
  const int32_t type = asked_type(call);
  const auto [blob, content_md5] = open_stored(call, type);
  // Clients know the ETag of the content; a range of the stored form is bound to the stored form.
  if (answer_etag(call, blob.info(), content_md5).empty()) return;
  std::string_view name = call.request.query("filename").value_or("");
  if (!name.empty()) call.answer.header("Content-Disposition", content_disposition(name));
  answer_blob(call, "application/octet-stream", blob);
}

// Without an answer it is 400 with an empty body: the attachment or its digests are not there, or not right.
void verify_md5(Call& call) {
  const int32_t type = asked_type(call);
  Snapshot snapshot = call.services.index.snapshot();
  Resource resource = require(snapshot, call.id());
  try {
    const Attachments& attachments = call.services.attachments;
    Blob content = attachments.open(resource, type);
    const bool is_compressed = content.info().compressed != 0;  // else both forms are the same bytes
    if (has_md5(content) && (!is_compressed || has_md5(attachments.open_stored(resource, type)))) {
      call.answer.bytes("application/json", "{}");
    }
  } catch (const Error& error) {
    if (error.code() != HILUM_E_UNKNOWN_RESOURCE && error.code() != HILUM_E_CORRUPTED) throw;
  }
}

}  // namespace hilum::attachments
