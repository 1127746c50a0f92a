#include "page.h"

#include <hilum/rest/arguments.h>
#include <hilum/rest/level.h>

#include <ctime>
#include <limits>

#include "change_types.h"

namespace hilum::changes {

namespace {

constexpr int64_t kDefaultLimit = 100;
constexpr int64_t kLargestLimit = std::numeric_limits<uint32_t>::max();

std::string utc_text(int64_t time_ms) {
  const std::time_t seconds = static_cast<std::time_t>(time_ms / 1000);
  std::tm time{};
  gmtime_r(&seconds, &time);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%S", &time));
}

// False if the argument is there and is no integer.
bool read_integer(const Request& request, std::string_view name, std::optional<int64_t>& value) {
  std::optional<std::string_view> text = request.query(name);
  if (text) value = rest::parse_integer(*text);
  return !text || value;
}

}  // namespace

Page::Page(const Request& request, bool has_types) {
  if (request.has_query("last")) {
    is_last_ = true;
    query_.from_end = true;
    query_.limit = 1;
    return;
  }
  std::optional<int64_t> since, limit, to;
  if (!read_integer(request, "since", since) || !read_integer(request, "limit", limit) ||
      !read_integer(request, "to", to) || limit > kLargestLimit || (limit && *limit < -kLargestLimit)) {
    since = limit = to = std::nullopt;
  }
  query_.since = since.value_or(0);
  query_.limit = static_cast<uint64_t>(limit.value_or(kDefaultLimit));  // negative: all
  query_.to = to.value_or(query_.to);
  query_.from_end = to && !since;
  if (has_types) query_.types = types_of(request.query("type").value_or(""));
}

void Page::add(int64_t sequence) {
  if (count_++ == 0) first_ = sequence;
  last_ = sequence;
}

void Page::write_position(dicom::JsonWriter& json, const LogPage& found, int64_t otherwise) const {
  // The log was looked through as far as one request may; the client goes on from there.
  const bool has_given_up = !found.is_complete && count_ < query_.limit;
  const bool is_done = is_last_ || (!query_.from_end && found.is_complete);
  const int64_t first = has_given_up && query_.from_end ? found.first : first_;
  int64_t last = count_ ? last_ : otherwise;
  if (has_given_up && !query_.from_end) last = found.last;
  json.member("Done", is_done);
  if (first != 0) json.member("First", first);
  json.member("Last", last);
}

void write_resource(dicom::JsonWriter& json, uint32_t level, std::string_view id, int64_t time_ms) {
  json.member("Date", utc_text(time_ms));
  json.member("ID", id);
  json.member("Path", "/" + std::string(rest::level_info(level).plural) + "/" + std::string(id));
}

}  // namespace hilum::changes
