#include "family.h"

#include <algorithm>

namespace hilum::attachments {

namespace {

constexpr const char* kUnknownMime = "application/octet-stream";

std::string table_of(const Config& config) { return config.json("UserContentType").value_or("{}"); }

// It becomes a header of answers: RFC 7231 section 3.1.1.1, loosely.
bool is_mime(const std::string& text) {
  const size_t slash = text.find('/');
  return slash != 0 && slash != std::string::npos && text.size() <= 200 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

Facts::Facts(Host plugin_host)
    : Services(plugin_host),
      types("attachment", "UserContentType",
            {{"dicom", HILUM_ATTACHMENT_DICOM},
             {"dicom-as-json", HILUM_ATTACHMENT_DICOM_AS_JSON},
             {"dicom-until-pixel-data", HILUM_ATTACHMENT_DICOM_UNTIL_PIXEL_DATA}},
            table_of(config), {"a MIME type like \"application/pdf\"", &is_mime}),
      has_md5(config.boolean("StoreMD5ForAttachments")) {}

int32_t asked_type(const Call& call) { return facts(call).types.number_of(call.request.parameter("name")); }

std::string mime_of(const Facts& facts, int32_t type) {
  if (type == HILUM_ATTACHMENT_DICOM) return "application/dicom";
  if (type == HILUM_ATTACHMENT_DICOM_AS_JSON) return "application/json; charset=utf-8";
  std::string configured = facts.types.text_of(type);
  return configured.empty() ? kUnknownMime : configured;
}

const char* suffix_of(int32_t type) {
  return type == HILUM_ATTACHMENT_DICOM || type == HILUM_ATTACHMENT_DICOM_UNTIL_PIXEL_DATA ? ".dcm" : "";
}

}  // namespace hilum::attachments
