// What a client sends on one connection: heads and bodies, whole and in pieces.
#include "core/http/authentication.h"
#include "core/http/compression.h"
#include "core/http/multipart.h"
#include "core/http/request_reader.h"
#include "core/http/target.h"
#include "tests/fuzz/fuzz.h"

using namespace hilum;
using namespace hilum::http;

namespace {

const BodyLimits kLimits{256 * 1024, 64 * 1024, "/tmp"};

void look_at(const ReceivedHead& head) {
  fuzz::accepted([&] { parse_target(head.target); });
  for (const auto& field : head.headers) {
    const std::string& value = field.second;
    fuzz::require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
                  "header values are single lines");
    fuzz::accepted([&] { form_boundary(value); });
    header_parameter(value, "name");
    choose_coding(value);
    static const BasicAuthentication users({{"alice", "secret"}});
    users.check(value);
  }
}

// The connection's loop (connection.cpp), reduced to the reader.
struct Transcript {
  std::string said;  // the requests that were understood
  int error = 0;
};

Transcript transcript(std::string_view input, size_t piece) {
  RequestReader reader(8192, 50);
  BodyWriter body(kLimits);
  Transcript result;
  std::string& said = result.said;
  std::string buffer;
  bool in_body = false;
  try {
    for (size_t given = 0; given < input.size();) {
      const size_t n = std::min(piece, input.size() - given);
      buffer.append(input.substr(given, n));
      given += n;
      for (size_t used = 1; used > 0;) {
        used = 0;
        if (!in_body) {
          ReceivedHead head;
          used = reader.read_head(buffer, head);
          if (used > 0) {
            look_at(head);
            said += head.method + " " + head.target + " " + std::to_string(head.headers.size()) +
                    (head.keep_alive ? " stay" : " close");
            in_body = true;
          }
        } else {
          used = reader.read_body(buffer, body);
        }
        fuzz::require(used <= buffer.size(), "no more is used than there is");
        buffer.erase(0, used);
        if (in_body && reader.body_done()) {
          said += "\n" + body.finish().text() + "\n";
          in_body = false;
        }
      }
    }
  } catch (const Error& error) {
    result.error = error.http_status();
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input = fuzz::text_of(data, size);
  const Transcript whole = transcript(input, input.size());
  const Transcript pieces = transcript(input, size < 1000 ? 1 : 61);
  fuzz::require(pieces.said == whole.said, "pieces are understood as the whole is");
  // A fault in the last bytes may still wait for more of them.
  fuzz::require(pieces.error == whole.error || pieces.error == 0 || whole.error == 0,
                "faults have one status");
  fuzz::accepted([&] { gunzip(Body(std::string(input)), kLimits); });
  return 0;
}
