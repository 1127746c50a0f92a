// A multipart body: the first line is the boundary, the rest the body; whole and in pieces.
#include "core/http/multipart.h"
#include "tests/fuzz/fuzz.h"

using namespace hilum;
using namespace hilum::http;

namespace {

std::string transcript(std::string_view boundary, std::string_view body, size_t piece) {
  std::string said;
  try {
    MultipartParser parser(boundary, {[&](const Fields& headers) {
                                        said += "<" + std::to_string(headers.size());
                                        for (const auto& [name, value] : headers) {
                                          header_parameter(value, "filename");
                                          said += name + ":" + value;
                                        }
                                      },
                                      [&](std::string_view data) { said += data; }, [&] { said += ">"; }});
    for (size_t at = 0; at < body.size(); at += piece) {
      parser.feed(body.substr(at, piece));
    }
    parser.finish();
    said += ".";
  } catch (const Error&) {
    said += "!";
  }
  return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view body = fuzz::text_of(data, size);
  fuzz::accepted([&] { form_boundary(body); });
  const std::string_view boundary = fuzz::take_until(body, '\n');
  if (boundary.empty() || boundary.size() > 70) return 0;
  const std::string whole = transcript(boundary, body, body.size() + 1);
  // After an error the data that came before it may differ; a body that is accepted has one meaning.
  const std::string pieces = transcript(boundary, body, size < 2000 ? 1 : 13);
  const auto refused = [](const std::string& said) { return !said.empty() && said.back() == '!'; };
  fuzz::require(refused(whole) == refused(pieces), "pieces are judged as the whole is");
  if (!refused(whole)) fuzz::require(whole == pieces, "pieces are understood as the whole is");
  return 0;
}
