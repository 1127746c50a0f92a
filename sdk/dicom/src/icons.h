// Pixel data inside of sequences: icons (PS3.3 section C.7.6.1.1.6).
#pragma once

#include <hilum/dicom/transcode.h>

#include <string_view>

class DcmItem;

namespace hilum::dicom {

// Decodes pixel data in items that are compressed with `transfer_syntax`, for they cannot be written in another one.
// Throws as FrameCodecs::decode().
void decode_icons(DcmItem& data_set, std::string_view transfer_syntax, const FrameCodecs& codecs);

}  // namespace hilum::dicom
