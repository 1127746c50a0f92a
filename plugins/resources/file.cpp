#include "file.h"

#include <hilum/dicom/json.h>
#include <hilum/rest/blob_answer.h>
#include <hilum/rest/stored_file.h>

namespace hilum::resources {

namespace {

std::string transfer_syntax_of(const Resource& instance) {
  std::string syntax;
  instance.metadata([&](int32_t key, std::string_view value, int64_t) {
    if (key == HILUM_METADATA_TRANSFER_SYNTAX) syntax = value;
  });
  return syntax;
}

void check_transcode(const Request& request, const Resource& instance) {
  std::optional<std::string_view> wanted = request.query("transcode");
  if (!wanted) return;
  std::string stored = transfer_syntax_of(instance);
  if (*wanted == stored) return;
  bool is_uid = !wanted->empty() && wanted->size() <= 64 &&
                wanted->find_first_not_of("0123456789.") == std::string_view::npos;
  if (!is_uid) {
    throw Error(HILUM_E_OUT_OF_RANGE, "the argument \"transcode\" must be the UID of a transfer syntax");
  }
  throw Error(HILUM_E_NOT_IMPLEMENTED, "the instance is stored in transfer syntax " + stored +
                                           " and cannot be given in " + std::string(*wanted) +
                                           ": this server does not transcode");
}

void answer_file(Call& call, const Blob& blob) {
  std::string name(call.request.query("filename").value_or(""));
  if (name.empty()) name = std::string(to_view(blob.info().uuid)) + ".dcm";
  call.answer.header("Content-Disposition", content_disposition(name));
  answer_blob(call, "application/dicom", blob);
}

}  // namespace

void get_file(Call& call) {
  Snapshot snapshot = call.services.index.snapshot();
  Resource instance = require(snapshot, call.id(), HILUM_INSTANCE);
  std::string_view accept = call.request.header("accept").value_or("");
  bool as_json = accept == "application/dicom+json";
  if (!as_json && accept != "application/dicom+xml") {
    check_transcode(call.request, instance);
    return answer_file(call, call.services.attachments.open(instance));
  }
  dicom::ParsedInstance parsed = StoredFile(call.services, instance).parse_header();
  dicom::Encoding encoding = call.services.default_encoding();
  call.answer.bytes(accept,
                    as_json ? dicom::dicom_json(parsed, encoding) : dicom::dicom_xml(parsed, encoding));
}

}  // namespace hilum::resources
