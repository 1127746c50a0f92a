#include <hilum/rest/error_payload.h>
#include <hilum/rest/json_body.h>

namespace hilum::rest {

void ErrorPayload::set(const Job& job, std::string_view json) {
  job.set_error_payload(json);
  const std::lock_guard<std::mutex> lock(mutex_);
  json_ = json;
}

std::string ErrorPayload::get() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return json_;
}

void answer_error(const Config& config, const Request& request, Answer& answer, const Error& error,
                  const std::string& payload) {
  constexpr int32_t kServerError = 500;
  const std::optional<Json::Value> content = payload.empty() ? std::nullopt : parse_json(payload);
  if (!content || error.http_status() != kServerError || !config.boolean("HttpDescribeErrors")) throw error;
  Json::Value body(Json::objectValue);
  if (!error.details().empty()) body["Details"] = error.details();
  body["ErrorPayload"] = *content;
  body["HttpError"] = "Internal Server Error";
  body["HttpStatus"] = kServerError;
  body["Message"] = error.message();
  body["Method"] = request.method() == HILUM_POST ? "POST" : "GET";
  body["OrthancError"] = status_facts(error.code()).message;
  body["OrthancStatus"] = error.code();
  body["Uri"] = std::string(request.path());
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "\t";
  answer.status(kServerError).json(Json::writeString(builder, body) + "\n");
}

}  // namespace hilum::rest
