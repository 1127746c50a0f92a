// gzip and deflate, of answers and of request bodies.
#pragma once

#include <string>
#include <string_view>

#include "core/http/answer.h"
#include "core/http/body.h"

namespace hilum::http {

// Bodies shorter than this are not worth it.
inline constexpr size_t kMinimumCompressedSize = 2048;

// Text, JSON, XML, scripts, ...: not images, archives or DICOM.
bool is_compressible(std::string_view content_type);

// What Accept-Encoding allows; gzip before deflate at equal weight, "q=0" refuses.
AnswerRules::Coding choose_coding(std::string_view accept_encoding);

std::string_view coding_name(AnswerRules::Coding coding);
// gzip: RFC 1952; deflate: the zlib format (RFC 1950), as RFC 9110 asks.
std::string compress(std::string_view body, AnswerRules::Coding coding);

// Unpacks a gzip body piece by piece under the limits of request bodies. Throws HILUM_E_BAD_FORMAT if it is
// broken or cut, HILUM_E_TOO_LARGE if it unpacks to more than the limit.
Body gunzip(const Body& packed, const BodyLimits& limits);

}  // namespace hilum::http
