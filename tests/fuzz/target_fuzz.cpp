// Request targets, query strings and the small grammars of header values.
#include "core/http/authentication.h"
#include "core/http/target.h"
#include "tests/fuzz/fuzz.h"

using namespace hilum;
using namespace hilum::http;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input = fuzz::text_of(data, size);
  fuzz::accepted([&] {
    const Target target = parse_target(input);
    fuzz::require(target.path.find('\0') == std::string::npos, "no NUL in a path");
    for (const std::string& segment : target.segments) {
      fuzz::require(!segment.empty() && segment != "." && segment != "..", "no dot segments are left");
    }
  });
  fuzz::accepted([&] {
    for (const auto& [name, value] : parse_query(input)) {
      fuzz::require((name + value).find('\0') == std::string::npos, "no NUL in a query");
    }
  });
  fuzz::accepted([&] { make_internal_request(Method::kGet, input); });
  decode_base64(input);
  is_loopback(input);
  return 0;
}
