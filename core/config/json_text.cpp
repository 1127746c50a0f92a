#include "core/config/json_text.h"

#include <hilum/cpp/error.h>
#include <json/reader.h>
#include <json/writer.h>

#include <algorithm>
#include <memory>

namespace hilum::config {
namespace {

constexpr int kMaxDepth = 64;

// Parses into `root`; returns JsonCpp's report, empty when all is well.
std::string parse_with(const std::string& text, bool reject_duplicates, Json::Value& root) {
  Json::CharReaderBuilder builder;
  builder["collectComments"] = false;
  builder["failIfExtra"] = true;
  builder["stackLimit"] = kMaxDepth;
  builder["rejectDupKeys"] = reject_duplicates;
  std::string report;
  try {
    const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
    return reader->parse(text.data(), text.data() + text.size(), &root, &report) ? "" : report;
  } catch (const Json::Exception&) {  // this is how JsonCpp reports the depth
    return "* Line 1, Column 1\n  objects and lists are nested more than " + std::to_string(kMaxDepth) +
           " deep\n";
  }
}

// "* Line 3, Column 5\n  Missing ..." becomes "line 3, column 5: Missing ..." (the first of several).
std::string first_error(const std::string& report) {
  std::string text = report.substr(0, report.find("\n* "));
  if (text.compare(0, 2, "* ") == 0) {
    text.erase(0, 2);
  }
  const size_t line_end = text.find('\n');
  if (line_end == std::string::npos) {
    return text;
  }
  std::string place = text.substr(0, line_end);
  std::transform(place.begin(), place.end(), place.begin(), [](char c) {
    return c == 'L' ? 'l' : c == 'C' ? 'c' : c;
  });
  std::string message = text.substr(text.find_first_not_of(" \n", line_end));
  message.erase(std::min(message.size(), message.find('\n')));
  return place + ": " + message;
}

}  // namespace

Json::Value parse_object(const std::string& text, const std::string& file,
                         const std::function<void(const std::string&)>& warn) {
  Json::Value root;
  const std::string strict_report = parse_with(text, true, root);
  if (!strict_report.empty()) {
    const std::string report = parse_with(text, false, root);
    if (!report.empty()) {
      throw Error(HILUM_E_BAD_JSON, file + ", " + first_error(report));
    }
    warn(file + ", " + first_error(strict_report) + "; the last one counts");
  }
  if (!root.isObject()) {
    throw Error(HILUM_E_BAD_JSON, file + ": a configuration is an object, { \"Option\": value, ... }");
  }
  return root;
}

size_t line_at(std::string_view text, ptrdiff_t offset) {
  const size_t end = std::min(text.size(), static_cast<size_t>(std::max<ptrdiff_t>(offset, 0)));
  return 1 + static_cast<size_t>(std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(end), '\n'));
}

std::string compact_json(const Json::Value& value) {
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  builder["commentStyle"] = "None";
  builder["emitUTF8"] = true;
  return Json::writeString(builder, value);
}

Json::Value default_value(const OptionInfo& option) {
  Json::Value value;
  Json::CharReaderBuilder builder;
  const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
  const std::string& text = option.default_json;
  if (!reader->parse(text.data(), text.data() + text.size(), &value, nullptr)) {
    throw Error(HILUM_E_INTERNAL,
                "option \"" + option.name + "\" is declared with a default that is not JSON");
  }
  return value;
}

}  // namespace hilum::config
