// An element's value as the REST API, the index and C-FIND see it: UTF-8 text, or the reason why there is
// none.
#pragma once

#include <hilum/dicom/charset.h>
#include <hilum/dicom/tag.h>

#include <cstddef>
#include <optional>
#include <string>

class DcmElement;
class DcmItem;

namespace hilum::dicom {

enum class ValueKind : uint8_t {
  String,    // text (empty text, too); numbers are text
  Null,      // binary, undecodable, or zero-length non-text
  TooLong,   // text, but longer than TextOptions::maximum_length
  Sequence,  // see the items
  Binary,    // bytes (only with TextOptions::keep_binary)
};

struct ElementValue {
  ValueKind kind = ValueKind::Null;
  std::string text;  // UTF-8 of String; raw bytes of Binary; else empty
};

struct TextOptions {
  size_t maximum_length = 256;  // in UTF-8 bytes; 0: no limit
  bool keep_binary = false;     // deliver Binary instead of Null where there are bytes
};

// Classifies and converts one element. Multiple values are joined by '\'. Never loads the value of binary VRs
// unless keep_binary says so.
ElementValue element_value(DcmElement& element, const Charset& charset, const TextOptions& options = {});

// Whether values of this VR are text (PS3.5 section 6.2).
bool is_text_vr(DcmEVR vr);

// Text of a top-level tag if it is there and of kind String, of any length.
std::optional<std::string> text_of(DcmItem& item, Tag tag, const Charset& charset);

}  // namespace hilum::dicom
