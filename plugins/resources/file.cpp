#include "file.h"

#include <hilum/dicom/json.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/byte_range.h>
#include <hilum/rest/stored_file.h>

#include <algorithm>

namespace hilum::resources {

namespace {

// RFC 6266 and RFC 5987: the name in plain characters for all, and as it is for those who can read it.
std::string content_disposition(std::string_view name) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string plain;
  std::string encoded;
  for (char character : name) {
    auto byte = static_cast<unsigned char>(character);
    bool letter =
        (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
    if (letter || byte == '-' || byte == '.' || byte == '_' || byte == '~') {
      encoded += character;
    } else {
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    }
    if (byte == '"' || byte == '\\') plain += '\\';
    plain += byte < 0x20 || byte >= 0x7f ? '_' : character;
  }
  std::string value = "filename=\"" + plain + "\"";
  bool is_plain = std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  return is_plain ? value : value + "; filename*=UTF-8''" + encoded;
}

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
  constexpr const char* kType = "application/dicom";
  hilum_attachment info = blob.info();
  std::string name(call.request.query("filename").value_or(""));
  if (name.empty()) name = std::string(to_view(info.uuid)) + ".dcm";
  call.answer.header("Content-Disposition", content_disposition(name));
  call.answer.header("Accept-Ranges", "bytes");
  std::optional<std::string_view> header = call.request.header("range");
  std::optional<ByteRange> range;
  if (header) range = parse_byte_range(*header, info.content_size);
  if (!range) return call.answer.blob(kType, blob);
  if (range->length == 0) {
    call.answer.header("Content-Range", "bytes */" + std::to_string(info.content_size));
    throw Error(HILUM_E_BAD_RANGE, "the file has " + std::to_string(info.content_size) + " bytes");
  }
  call.answer.status(206);
  call.answer.header("Content-Range", "bytes " + std::to_string(range->offset) + "-" +
                                          std::to_string(range->offset + range->length - 1) + "/" +
                                          std::to_string(info.content_size));
  call.answer.blob_range(kType, blob, range->offset, range->length);
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
