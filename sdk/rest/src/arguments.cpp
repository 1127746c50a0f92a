#include <hilum/rest/arguments.h>

#include <charconv>

namespace hilum::rest {

namespace {

// Longer lists of tags are refused: nobody needs them, and each tag costs a look into the dictionary.
constexpr size_t kMaximumTags = 10000;

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "1" || text == "true") return true;
  if (text == "0" || text == "false") return false;
  return std::nullopt;
}

// A non-negative integer, or a negative one as the unsigned number with the same bits.
uint64_t page_number(std::string_view text) {
  if (!text.empty() && text.front() == '-') {
    if (std::optional<int64_t> number = parse_integer(text)) return static_cast<uint64_t>(*number);
  } else {
    uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return number;
  }
  throw Error(HILUM_E_BAD_TYPE, "Syntax error in some user-supplied data");
}

}  // namespace

bool flag(const Request& request, std::string_view name, bool otherwise) {
  std::optional<std::string_view> value = request.query(name);
  if (!value) return otherwise;
  if (value->empty()) return true;
  std::optional<bool> parsed = parse_boolean(*value);
  if (!parsed) {
    throw Error(HILUM_E_OUT_OF_RANGE, "the argument \"" + std::string(name) +
                                          "\" is a flag: give it no value, or one of 1, true, 0, false");
  }
  return *parsed;
}

dicom::JsonFormat json_format(const Request& request, dicom::JsonFormat otherwise) {
  if (request.has_query("simplify")) return dicom::JsonFormat::Simplified;
  if (request.has_query("short")) return dicom::JsonFormat::Short;
  if (request.has_query("full")) return dicom::JsonFormat::Full;
  return otherwise;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  }
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Page page(const Request& request) {
  std::optional<std::string_view> since = request.query("since");
  std::optional<std::string_view> limit = request.query("limit");
  if (!since && !limit) return {};
  if (!since || !limit) {
    throw Error(HILUM_E_BAD_REQUEST,
                std::string("Missing \"") + (since ? "limit" : "since") +
                    "\" argument for GET request against: " + std::string(request.path()) + "/");
  }
  constexpr uint64_t kLargest = INT64_MAX;  // beyond: a negative number
  Page page{page_number(*since), page_number(*limit)};
  if (page.since > kLargest) page.since = 0;
  return page;
}

bool boolean_body(const Request& request) {
  // More than this is no Boolean, whatever it says.
  if (request.body_size() <= 1024) {
    std::string body = request.body();
    if (std::optional<bool> value = parse_boolean(strip(body))) return *value;
  }
  throw Error(HILUM_E_BAD_FORMAT, "Boolean value expected");
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view strip(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n\f\v";
  size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

std::vector<dicom::Tag> ignore_length(const Request& request) {
  std::vector<dicom::Tag> tags;
  std::optional<std::string_view> list = request.query("ignore-length");
  if (!list) return tags;
  for (const std::string& name : split(*list, ',')) {
    if (tags.size() == kMaximumTags) {
      throw Error(HILUM_E_BAD_REQUEST,
                  "ignore-length takes at most " + std::to_string(kMaximumTags) + " tags");
    }
    tags.push_back(dicom::parse_tag(name));
  }
  return tags;
}

}  // namespace hilum::rest
