// Data sets as JSON (full, short, simplified), DICOM JSON model and XML.
#pragma once

#include <hilum/dicom/charset.h>
#include <hilum/dicom/json_writer.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/tag.h>

#include <cstdint>
#include <string>
#include <vector>

class DcmSequenceOfItems;

namespace hilum::dicom {

enum class JsonFormat : uint8_t {
  Full,        // "gggg,eeee" : { "Name", "Type", "Value" [, "PrivateCreator"] }
  Short,       // "gggg,eeee" : value
  Simplified,  // Name : value
};

struct JsonOptions {
  JsonFormat format = JsonFormat::Full;
  Encoding default_encoding = Encoding::Latin1;
  std::vector<Tag> ignore_length;          // tags whose text is given whatever its length; sorted or not
  const std::vector<Tag>* only = nullptr;  // sorted; if given: only these top-level tags
  bool group_lengths = true;               // (gggg,0000) are listed
  bool after_pixel_data = false;  // `whole`: also tags after (7fe0,0010); parse with ParseOptions::whole
  size_t maximum_length = 256;    // of texts, in UTF-8 bytes; 0: no limit
};

// The tags of an instance. Pixel Data is listed (null) even if the instance was parsed up to it only.
std::string tags_json(const ParsedInstance& instance, const JsonOptions& options = {});
void write_tags_json(JsonWriter& json, const ParsedInstance& instance, const JsonOptions& options = {});
// The same for any data set or item; `inherited` is the character set if it declares none.
void write_tags_json(JsonWriter& json, DcmItem& item, const JsonOptions& options);
// The file meta header (group 0002); `{}` if there is none.
void write_header_json(JsonWriter& json, const ParsedInstance& instance, const JsonOptions& options = {});
std::string header_json(const ParsedInstance& instance, const JsonOptions& options = {});

// One element's entry, key included: for answers that combine tags of several instances.
void write_element_json(JsonWriter& json, DcmElement& element, const Charset& charset,
                        const JsonOptions& options);

// The items of a sequence as an array of objects.
void write_items_json(JsonWriter& json, DcmSequenceOfItems& sequence, const Charset& charset,
                      const JsonOptions& options);

// DICOM JSON model (PS3.18 annex F) and Native DICOM Model (PS3.19 annex A.1), without bulk data: binary
// values are omitted. In UTF-8, SpecificCharacterSet included as ISO_IR 192.
std::string dicom_json(const ParsedInstance& instance, Encoding default_encoding = Encoding::Latin1);
std::string dicom_xml(const ParsedInstance& instance, Encoding default_encoding = Encoding::Latin1);

}  // namespace hilum::dicom
