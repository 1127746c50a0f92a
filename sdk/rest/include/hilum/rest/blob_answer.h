// Answers whose body is an attachment.
#pragma once

#include <hilum/rest/call.h>

#include <string>
#include <string_view>

namespace hilum::rest {

// Content-Disposition for a file name, whatever its characters (RFC 6266, RFC 5987).
std::string content_disposition(std::string_view file_name);

// Answers with the content of a blob; with one range of it (206, RFC 7233) if the request asks for one. A
// range outside of the content is HILUM_E_BAD_RANGE (416). If-Range is compared to `etag`: one that differs
// brings the whole.
void answer_blob(Call& call, std::string_view content_type, const Blob& blob, std::string_view etag = {});

}  // namespace hilum::rest
