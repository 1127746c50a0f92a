// The JSON body of errors.
#pragma once

#include <hilum/cpp/error.h>

#include <string>
#include <string_view>

#include "core/http/answer.h"

namespace hilum::http {

// What a client reads of an error: status, and with `describe` a JSON body (keys sorted, tabs, a final
// newline).
ReadyAnswer make_error_answer(const Error& error, Method method, std::string_view path, bool describe);

// A status with an empty body and no Content-Type.
ReadyAnswer make_empty_answer(int status);

}  // namespace hilum::http
