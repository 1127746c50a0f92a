// Which of the three image formats a client wants.
#pragma once

#include <optional>
#include <string_view>

namespace hilum::images {

enum class PictureFormat { Png, Jpeg, Pam };

const char* media_type(PictureFormat format);

// By the header Accept, as clients of this API know it: the most exact match wins, then the highest q, then the first
// (PNG under wildcards); q=0 excludes nothing; names are compared with their case. Nothing: no format fits. Throws
// HILUM_E_BAD_REQUEST for a q that is no number from 0 to 1.
std::optional<PictureFormat> negotiate(std::string_view accept);

}  // namespace hilum::images
