#include "describe.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace hilum::jobs {

namespace {

int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::string format_time(int64_t time_us) {
  const int64_t second = time_us / 1000000 - (time_us % 1000000 < 0 ? 1 : 0);
  const auto seconds = static_cast<time_t>(second);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%S", &parts);
  std::string result(text.data(), size);
  if (const int64_t fraction = time_us - second * 1000000; fraction != 0) {  // what clients have always seen
    std::snprintf(text.data(), text.size(), ".%06d", static_cast<int>(fraction));
    result += text.data();
  }
  return result;
}

void write_job(dicom::JsonWriter& json, const JobFacts& facts, bool with_content) {
  const int64_t now = now_us();
  json.begin_object();
  if (is_finished(facts.state)) {
    json.member("CompletionTime", format_time(facts.changed_us));
  }
  if (with_content) {
    json.key("Content");
    json.raw(facts.content);
  }
  json.member("CreationTime", format_time(facts.created_us));
  json.key("EffectiveRuntime");
  json.number(std::round(facts.runtime_s * 1000) / 1000);
  json.member("ErrorCode", facts.failure.code);
  json.member("ErrorDescription", facts.failure.message);
  json.member("ErrorDetails", facts.failure.details);
  if (facts.error_payload) {
    json.key("ErrorPayload");
    json.raw(*facts.error_payload);
  }
  if (facts.state == HILUM_JOB_RUNNING && facts.progress > 0.01) {
    const double left_s = facts.runtime_s / facts.progress * (1 - facts.progress);
    json.member("EstimatedTimeOfArrival", format_time(now + static_cast<int64_t>(left_s * 1e6)));
  }
  json.member("ID", facts.id);
  json.member("Priority", facts.priority);
  json.member("Progress", static_cast<int>(std::lround(facts.progress * 100)));
  json.member("State", state_name(facts.state));
  json.member("Timestamp", format_time(now));
  json.member("Type", facts.type);
  if (facts.user_data) {
    json.key("UserData");
    json.raw(*facts.user_data);
  }
  json.end_object();
}

}  // namespace hilum::jobs
