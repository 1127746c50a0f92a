#include "content.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <hilum/cpp/error.h>

#include <algorithm>
#include <iterator>

namespace hilum::modification {

namespace {

using dicom::Tag;

const dicom::Charset& ascii() {
  static const dicom::Charset charset(dicom::Encoding::Ascii);
  return charset;
}

void set(DcmItem& data_set, Tag tag, const std::string& value) {
  dicom::set_json_value(data_set, tag, Json::Value(value), ascii());
}

void describe(DcmItem& data_set, const Picture& picture, const char* photometric) {
  set(data_set, 0x00280002, std::to_string(picture.samples));
  set(data_set, 0x00280004, photometric);
  if (picture.samples > 1) {
    set(data_set, 0x00280006, "0");
  } else {
    dicom::remove_element(data_set, 0x00280006);
  }
  set(data_set, 0x00280010, std::to_string(picture.height));
  set(data_set, 0x00280011, std::to_string(picture.width));
  set(data_set, 0x00280100, std::to_string(picture.bits));
  set(data_set, 0x00280101, std::to_string(picture.bits));
  set(data_set, 0x00280102, std::to_string(picture.bits - 1));
  set(data_set, 0x00280103, "0");
}

void embed_picture(DcmItem& data_set, const Picture& picture) {
  describe(data_set, picture, picture.samples == 1 ? "MONOCHROME2" : "RGB");
  dicom::set_bytes(data_set, dicom::kPixelData, EVR_OW, picture.pixels);
}

// A document with its own storage class (PS3.3 section A.45).
struct Document {
  const char* media_type;
  const char* magic;  // its first bytes, or null
  const char* sop_class;
  const char* modality;
};
constexpr Document kDocuments[] = {
    {"application/pdf", "%PDF-", "1.2.840.10008.5.1.4.1.1.104.1", "OT"},
    {"model/stl", nullptr, "1.2.840.10008.5.1.4.1.1.104.3", "M3D"},
    {"model/obj", nullptr, "1.2.840.10008.5.1.4.1.1.104.4", "M3D"},
    {"model/mtl", nullptr, "1.2.840.10008.5.1.4.1.1.104.5", "M3D"},
};

void set_if_absent(DcmItem& data_set, Tag tag, const std::string& value) {
  if (!dicom::has_element(data_set, tag)) set(data_set, tag, value);
}

void embed_document(DcmItem& data_set, const Document& document, const dicom::DataUri& content) {
  const std::string_view bytes = content.bytes;
  if (document.magic != nullptr &&
      bytes.substr(0, std::string_view(document.magic).size()) != document.magic) {
    throw Error(HILUM_E_BAD_FORMAT, "Not a PDF file");
  }
  set_if_absent(data_set, dicom::kSopClassUid, document.sop_class);
  set_if_absent(data_set, dicom::kModality, document.modality);
  if (document.magic != nullptr) set_if_absent(data_set, 0x00080064, "WSD");
  set(data_set, 0x00420012, document.media_type);
  dicom::set_bytes(data_set, 0x00420011, EVR_OB, bytes);
}

// Types that are known to be something, but no content of an instance.
constexpr const char* kOtherTypes[] = {"text/plain",
                                       "text/html",
                                       "text/css",
                                       "text/csv",
                                       "text/xml",
                                       "application/json",
                                       "application/xml",
                                       "application/gzip",
                                       "application/zip",
                                       "application/dicom",
                                       "application/javascript",
                                       "application/dicom+json",
                                       "application/dicom+xml",
                                       "application/wasm",
                                       "application/x-nacl",
                                       "application/x-pnacl",
                                       "image/svg+xml",
                                       "image/x-icon",
                                       "image/gif",
                                       "image/jp2",
                                       "font/woff",
                                       "application/x-font-woff",
                                       "font/woff2",
                                       "video/mp4"};

[[noreturn]] void refuse_type(const std::string& type) {
  for (const char* other : kOtherTypes) {
    if (type == other) {
      throw Error(HILUM_E_NOT_IMPLEMENTED,
                  "Unsupported MIME type for the content of a new DICOM file: " + type);
    }
  }
  throw Error(HILUM_E_OUT_OF_RANGE, "Unknown MIME type: " + type.substr(0, 64));
}

bool is_jpeg(const std::string& type) { return type == "image/jpeg" || type == "image/jpg"; }

}  // namespace

bool is_picture(std::string_view media_type) {
  return media_type == "image/png" || media_type == "image/jpeg" || media_type == "image/jpg" ||
         media_type == "image/x-portable-arbitrarymap";
}

bool is_document(std::string_view media_type) {
  return std::any_of(std::begin(kDocuments), std::end(kDocuments),
                     [&](const Document& document) { return media_type == document.media_type; });
}

void embed(DcmItem& data_set, const dicom::DataUri& content) {
  const std::string& type = content.media_type;
  if (type == "image/png") return embed_picture(data_set, decode_png(content.bytes));
  if (is_jpeg(type)) return embed_picture(data_set, decode_jpeg(content.bytes));
  if (type == "image/x-portable-arbitrarymap") return embed_picture(data_set, decode_pam(content.bytes));
  if (type == "application/octet-stream") {
    return dicom::set_bytes(data_set, dicom::kPixelData, EVR_OW, content.bytes);
  }
  for (const Document& document : kDocuments) {
    if (type == document.media_type) return embed_document(data_set, document, content);
  }
  refuse_type(type);
}

void encapsulate_jpeg(DcmItem& data_set, const dicom::DataUri& content) {
  if (!is_jpeg(content.media_type)) {
    throw Error(HILUM_E_NOT_IMPLEMENTED, "\"Encapsulate\" takes one JPEG picture");
  }
  const Picture picture = read_jpeg_header(content.bytes);
  describe(data_set, picture, picture.samples == 1 ? "MONOCHROME2" : "YBR_FULL_422");
  auto sequence = std::make_unique<DcmPixelSequence>(DcmTag(0x7fe0, 0x0010, EVR_OB));
  auto offsets = std::make_unique<DcmPixelItem>(DcmTag(0xfffe, 0xe000, EVR_OB));
  auto fragment = std::make_unique<DcmPixelItem>(DcmTag(0xfffe, 0xe000, EVR_OB));
  std::string bytes = content.bytes;
  if (bytes.size() % 2 != 0) bytes += '\0';
  (void)fragment->putUint8Array(reinterpret_cast<const Uint8*>(bytes.data()),
                                static_cast<unsigned long>(bytes.size()));
  (void)sequence->insert(offsets.release());
  (void)sequence->insert(fragment.release());
  auto pixels = std::make_unique<DcmPixelData>(DcmTag(0x7fe0, 0x0010, EVR_OB));
  pixels->putOriginalRepresentation(EXS_JPEGProcess1, nullptr, sequence.release());
  if (data_set.insert(pixels.get(), OFTrue).good()) (void)pixels.release();
}

}  // namespace hilum::modification
