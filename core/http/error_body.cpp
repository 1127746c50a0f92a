#include "core/http/error_body.h"

#include <json/json.h>

#include "core/http/status_text.h"

namespace hilum::http {
namespace {

std::string describe_error(const Error& error, Method method, std::string_view path) {
  const bool has_own_name = method == Method::kPost || method == Method::kPut || method == Method::kDelete;
  Json::Value body(Json::objectValue);
  if (!error.details().empty()) body["Details"] = error.details();
  body["HttpError"] = std::string(status_text(error.http_status()));
  body["HttpStatus"] = error.http_status();
  body["Message"] = error.message();
  body["Method"] = std::string(has_own_name ? method_name(method) : "GET");
  body["OrthancError"] = status_facts(error.code()).message;
  body["OrthancStatus"] = error.code();
  body["Uri"] = std::string(path);
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "\t";
  return Json::writeString(builder, body) + "\n";
}

}  // namespace

ReadyAnswer make_error_answer(const Error& error, Method method, std::string_view path, bool describe) {
  ReadyAnswer answer;
  answer.head.status = error.http_status();
  if (error.http_status() == 503) {  // passing trouble: a full queue, a server that starts again
    answer.head.headers.emplace_back("Retry-After", "1");
  }
  if (describe) {
    answer.head.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
    answer.body = describe_error(error, method, path);
  }
  return answer;
}

ReadyAnswer make_empty_answer(int status) {
  ReadyAnswer answer;
  answer.head.status = status;
  return answer;
}

}  // namespace hilum::http
