#include "record.h"

#include <hilum/rest/styled_json.h>

#include <algorithm>
#include <array>
#include <memory>

namespace hilum::jobs {

namespace {

constexpr int kFormat = 1;
constexpr size_t kLargestRecord = 12u << 20;
constexpr size_t kLargestResources = 4u << 20;

// Our own words: however large they are, they were accepted once.
Json::Value parsed(std::string_view text) {
  Json::Value value;
  std::string errors;
  const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  return reader->parse(text.data(), text.data() + text.size(), &value, &errors) ? value : Json::Value();
}

// Without making a record of them first: they may be a million.
bool fit(const std::vector<std::string>& resources) {
  constexpr size_t kAround = 12;  // indentation, quotes, comma
  size_t size = 0;
  for (const std::string& id : resources) {
    size += id.size() + kAround;
  }
  return size <= kLargestResources;
}

// Takes the largest of the texts out of a record. False: there is none.
bool leave_out_largest(Json::Value& record) {
  constexpr std::array<const char*, 5> kTexts = {"Content", "UserData", "ErrorPayload", "ErrorDetails",
                                                 "ErrorDescription"};
  const auto size = [&](const char* name) {
    return record.isMember(name) ? record[name].asString().size() : 0;
  };
  const std::string name = *std::max_element(kTexts.begin(), kTexts.end(),
                                             [&](const char* a, const char* b) { return size(a) < size(b); });
  const std::string nothing = name == "Content" ? "{}" : "";
  if (size(name.c_str()) <= nothing.size()) {
    return false;
  }
  if (name == "UserData" || name == "ErrorPayload") {
    record.removeMember(name);
  } else {
    record[name] = nothing;
  }
  return true;
}

Json::Value members(const Job& job) {
  const JobFacts& facts = job.facts;
  Json::Value record(Json::objectValue);
  record["Format"] = kFormat;
  record["ID"] = facts.id;
  record["Type"] = facts.type;
  record["State"] = state_name(facts.state);
  record["Priority"] = facts.priority;
  record["Number"] = Json::UInt64(facts.number);
  record["Progress"] = facts.progress;
  record["Runtime"] = facts.runtime_s;
  record["Created"] = Json::Int64(facts.created_us);
  record["Changed"] = Json::Int64(facts.changed_us);
  record["Content"] = facts.content;
  if (facts.user_data) {
    record["UserData"] = *facts.user_data;
  }
  if (facts.error_payload) {
    record["ErrorPayload"] = *facts.error_payload;
  }
  if (fit(facts.resources)) {
    for (const std::string& id : facts.resources) {
      record["Resources"].append(id);
    }
  }
  record["ErrorCode"] = facts.failure.code;
  record["ErrorHttpStatus"] = facts.failure.http_status;
  record["ErrorDescription"] = facts.failure.message;
  record["ErrorDetails"] = facts.failure.details;
  return record;
}

void read_members(const Json::Value& record, Job& job) {
  JobFacts& facts = job.facts;
  facts.id = record["ID"].asString();
  facts.type = record["Type"].asString();
  facts.priority = record["Priority"].asInt();
  facts.number = record["Number"].asUInt64();
  facts.progress = record["Progress"].asDouble();
  facts.runtime_s = record["Runtime"].asDouble();
  facts.created_us = record["Created"].asInt64();
  facts.changed_us = record["Changed"].asInt64();
  facts.content = record["Content"].asString();
  if (record.isMember("UserData")) {
    facts.user_data = record["UserData"].asString();
  }
  if (record.isMember("ErrorPayload")) {
    facts.error_payload = record["ErrorPayload"].asString();
  }
  for (const Json::Value& id : record["Resources"]) {
    facts.resources.push_back(id.asString());
  }
  facts.failure.code = record["ErrorCode"].asInt();
  facts.failure.http_status = record["ErrorHttpStatus"].asInt();
  facts.failure.message = record["ErrorDescription"].asString();
  facts.failure.details = record["ErrorDetails"].asString();
}

}  // namespace

std::string job_key(std::string_view id) { return "job/" + std::string(id); }
std::string task_key(std::string_view id) { return "task/" + std::string(id); }

std::string record_of(const Job& job) {
  Json::Value record = members(job);
  std::string text = rest::styled(record);
  if (text.size() > kLargestRecord) {  // ids that are no public ids can be longer once they are escaped
    record.removeMember("Resources");
    text = rest::styled(record);
  }
  while (text.size() > kLargestRecord && leave_out_largest(record)) {
    text = rest::styled(record);
  }
  return text;
}

bool read_record(std::string_view text, Job& job) {
  try {
    const Json::Value record = parsed(text);
    if (!record.isObject() || record["Format"] != kFormat) {
      return false;
    }
    const std::optional<hilum_job_state> state = state_of_name(record["State"].asString());
    if (!state) {
      return false;
    }
    read_members(record, job);
    job.facts.state = is_finished(*state) || *state == HILUM_JOB_PAUSED ? *state : HILUM_JOB_PENDING;
    job.loaded = true;
    job.saved_changed = false;
    return true;
  } catch (const Json::Exception&) {
    return false;
  }
}

}  // namespace hilum::jobs
