// Uploads by HTML forms: each file of a multipart/form-data POST becomes a POST of its own.
#pragma once

#include <functional>
#include <string>

#include "core/http/answer.h"
#include "core/http/request.h"

namespace hilum::http {

// Reads the form in `request` twice: once to check it and to see which parts count (those with a file name,
// or all if none has one), then to give each of them, as a request to the same path, to `post`. Stops at the
// first one whose answer is an error. Returns that answer's sink content, or 200 with an empty body. Throws
// HILUM_E_BAD_REQUEST for a malformed form.
ReadyAnswer upload_form(const Request& request, const std::string& boundary, const BodyLimits& limits,
                        const std::function<void(Request& part, AnswerSink& sink)>& post);

}  // namespace hilum::http
