#include "file.h"

#include <hilum/dicom/json.h>
#include <hilum/rest/blob_answer.h>
#include <hilum/rest/stored_file.h>

#include "transcoded_file.h"

namespace hilum::resources {

namespace {

void answer_file(Call& call, const Blob& blob) {
  call.answer.header("Content-Disposition", file_disposition(call, blob));
  answer_blob(call, "application/dicom", blob);
}

}  // namespace

std::string file_disposition(const Call& call, const Blob& blob) {
  std::string name(call.request.query("filename").value_or(""));
  if (name.empty()) name = std::string(to_view(blob.info().uuid)) + ".dcm";
  return content_disposition(name);
}

void get_file(Call& call) {
  Snapshot snapshot = call.services.index.snapshot();
  Resource instance = require(snapshot, call.id(), HILUM_INSTANCE);
  std::string_view accept = call.request.header("accept").value_or("");
  bool as_json = accept == "application/dicom+json";
  if (!as_json && accept != "application/dicom+xml") {
    const Blob blob = call.services.attachments.open(instance);
    if (answer_transcoded(call, instance, blob)) return;
    return answer_file(call, blob);
  }
  dicom::ParsedInstance parsed = StoredFile(call.services, instance).parse_header();
  dicom::Encoding encoding = call.services.default_encoding();
  call.answer.bytes(accept,
                    as_json ? dicom::dicom_json(parsed, encoding) : dicom::dicom_xml(parsed, encoding));
}

}  // namespace hilum::resources
