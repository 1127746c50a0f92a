// The document of an Encapsulated PDF instance.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <hilum/dicom/content.h>
#include <hilum/rest/stored_file.h>

#include "images.h"

namespace hilum::images {

namespace {

constexpr const char* kPdf = "application/pdf";

bool is_pdf(DcmDataset& data_set) {
  OFString sop_class;
  OFString type;
  (void)data_set.findAndGetOFString(DcmTagKey(0x0008, 0x0016), sop_class);
  (void)data_set.findAndGetOFString(DcmTagKey(0x0042, 0x0012), type);
  return sop_class == UID_EncapsulatedPDFStorage && type == kPdf;
}

// PDF files end with a line break. What follows is the padding to an even length.
uint64_t without_padding(uint64_t length, char last) {
  return last == '\n' || last == '\r' ? length : length - 1;
}

}  // namespace

void get_pdf(ImageCall& call) {
  Snapshot snapshot = call.context.services.index.snapshot();
  rest::StoredFile file(call.context.services, rest::require(snapshot, call.id(), HILUM_INSTANCE));
  if (!is_pdf(file.parse_header().data_set())) return;  // 404 with an empty body
  const std::optional<dicom::Content> content = dicom::find_content(file.structure(), {"0042-0011"});
  if (!content) return;
  if (content->kind == dicom::Content::Kind::Range && content->length > 0) {
    const std::string last = file.blob().read(content->offset + content->length - 1, size_t{1});
    if (last.empty()) throw Error(HILUM_E_CORRUPTED, "the stored file is shorter than the index says");
    call.answer.blob_range(kPdf, file.blob(), content->offset, without_padding(content->length, last[0]));
  } else if (content->kind == dicom::Content::Kind::Bytes && !content->bytes.empty()) {
    const std::string_view bytes = content->bytes;
    call.answer.bytes(kPdf, bytes.substr(0, without_padding(bytes.size(), bytes.back())));
  }
}

}  // namespace hilum::images
