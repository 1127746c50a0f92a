// Setting values of a data set from JSON, as the REST API takes them.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcvr.h>
#include <hilum/dicom/charset.h>
#include <hilum/dicom/tag.h>
#include <json/json.h>

#include <optional>
#include <string>
#include <string_view>

class DcmDataset;
class DcmItem;

namespace hilum::dicom {

struct EditOptions {
  bool decode_data_uris = true;  // `data:...;base64,...` for tags with a binary VR gives bytes
  std::string private_creator;   // tells the VR of private tags; it does not write the creator's element
};

// Sets a tag of a data set or item, inserting it if it is absent. Values: a UTF-8 string (several values separated by '\'; converted
// to `charset`), null (empty), an array of objects for a sequence, whose members are values by tag. Group lengths and the
// groups 0000 and 0002 are ignored. Throws Error: HILUM_E_BAD_TYPE (a value of the wrong kind), HILUM_E_BAD_FORMAT (a text that is no
// value of this VR, a text for a sequence, broken base64, too deep), HILUM_E_UNKNOWN_TAG (400).
void set_json_value(DcmItem& item, Tag tag, const Json::Value& value, const Charset& charset,
                    const EditOptions& options = {});

// The same as set_json_value(), but only to see what it throws.
void check_json_value(Tag tag, const Json::Value& value, const EditOptions& options = {});

// A text value, for tags whose VR is text (UIDs, names...).
void set_text(DcmItem& item, Tag tag, std::string_view utf8, const Charset& charset);
// Bytes, for a tag with VR OB, OW or UN; padded to an even length.
void set_bytes(DcmItem& item, Tag tag, DcmEVR vr, std::string_view bytes);
// True if it was there.
bool remove_element(DcmItem& item, Tag tag);
// Zero length, in the VR that it has.
void empty_element(DcmItem& item, Tag tag);
bool has_element(DcmItem& item, Tag tag);

// Whether all texts of a JSON value can be written in this character set.
bool is_representable(const Json::Value& value, const Charset& charset);

// Converts all texts of a data set, sequences included, to another character set, and declares it.
void change_charset(DcmDataset& data_set, Encoding default_encoding, std::string_view specific_character_set);

// RFC 2397 with base64: what a client embeds in JSON.
struct DataUri {
  std::string media_type;  // as written, without parameters
  std::string bytes;
};
bool is_data_uri(std::string_view text);
// Throws HILUM_E_BAD_FORMAT for anything else than `data:TYPE;base64,...`.
DataUri parse_data_uri(std::string_view text);

}  // namespace hilum::dicom
