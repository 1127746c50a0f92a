#include "core/http/form_upload.h"

#include <vector>

#include "core/http/error_body.h"
#include "core/http/multipart.h"

namespace hilum::http {
namespace {

constexpr size_t kPiece = 64 * 1024;
constexpr size_t kMaxPartAnswer = 16 * 1024 * 1024;

bool has_file_name(const Fields& headers) {
  const std::string* disposition = find_header(headers, "Content-Disposition");
  if (!disposition) return false;
  return header_parameter(*disposition, "filename") || header_parameter(*disposition, "filename*");
}

// `wanted` is asked between pieces, so that a failed part ends the work.
void read_form(const Body& body, const std::string& boundary, MultipartEvents events,
               const std::function<bool()>& wanted) {
  MultipartParser parser(boundary, std::move(events));
  std::vector<char> piece(kPiece);
  for (uint64_t offset = 0; offset < body.size();) {
    const size_t n = body.read(offset, piece.data(), piece.size());
    parser.feed({piece.data(), n});
    if (!wanted()) return;
    offset += n;
  }
  parser.finish();
}

// True: the form has parts with a file name.
bool check_form(const Body& body, const std::string& boundary) {
  bool files = false;
  MultipartEvents events;
  events.begin = [&](const Fields& headers) { files = files || has_file_name(headers); };
  events.data = [](std::string_view) {};
  events.end = [] {};
  read_form(body, boundary, std::move(events), [] { return true; });
  return files;
}

Request part_request(const Request& form, Fields headers, Body body) {
  Request part;
  part.id = form.id;
  part.method = form.method;
  part.target = form.target;
  part.path = form.path;
  part.segments = form.segments;
  part.parameters = form.parameters;
  part.query = form.query;
  for (const auto& [name, value] : form.headers) {
    const bool of_the_form = equal_ignoring_case(name, "Content-Type") ||
                             equal_ignoring_case(name, "Content-Length") || find_header(headers, name);
    if (!of_the_form) part.headers.emplace_back(name, value);
  }
  for (auto& field : headers) part.headers.push_back(std::move(field));
  part.body = std::move(body);
  part.remote_address = form.remote_address;
  part.user = form.user;
  part.secure = form.secure;
  part.internal = form.internal;
  part.route = form.route;
  return part;
}

}  // namespace

ReadyAnswer upload_form(const Request& request, const std::string& boundary, const BodyLimits& limits,
                        const std::function<void(Request& part, AnswerSink& sink)>& post) {
  const bool only_files = check_form(request.body, boundary);
  ReadyAnswer result = make_empty_answer(200);
  bool failed = false;
  Fields headers;
  BodyWriter writer(limits);
  bool counts = false;
  MultipartEvents events;
  events.begin = [&](Fields part_headers) {
    headers = std::move(part_headers);
    counts = !failed && (!only_files || has_file_name(headers));
  };
  events.data = [&](std::string_view piece) {
    if (counts) writer.append(piece);
  };
  events.end = [&] {
    if (!counts || failed) return;
    Request part = part_request(request, std::move(headers), writer.finish());
    CapturedAnswer captured(kMaxPartAnswer);
    post(part, captured);
    failed = captured.status() >= 400;
    if (failed) result = {{captured.status(), captured.headers()}, captured.take_body()};
  };
  read_form(request.body, boundary, std::move(events), [&] { return !failed; });
  return result;
}

}  // namespace hilum::http
