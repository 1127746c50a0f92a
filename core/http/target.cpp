#include "core/http/target.h"

#include <hilum/cpp/error.h>

#include <algorithm>

namespace hilum::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\0') throw Error(HILUM_E_BAD_URI, "the request target contains a NUL byte");
    if (c == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      c = static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      if (c == '\0') throw Error(HILUM_E_BAD_URI, "the request target contains an encoded NUL byte (%00)");
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    out += c;
  }
  return out;
}

// "..", or "x/../y" out of "x%2F..%2Fy": nobody needs it, and someone will use a segment as a file name one
// day.
bool has_dot_component(std::string_view segment) {
  size_t begin = 0;
  while (begin <= segment.size()) {
    size_t end = segment.find('/', begin);
    if (end == std::string_view::npos) end = segment.size();
    const std::string_view part = segment.substr(begin, end - begin);
    if (part == "." || part == "..") return true;
    begin = end + 1;
  }
  return false;
}

void add_segment(std::vector<std::string>& segments, std::string_view raw) {
  if (raw.empty() || raw == ".") return;
  if (raw == "..") {
    if (segments.empty()) throw Error(HILUM_E_UNKNOWN_RESOURCE, "the path leads above the root");
    segments.pop_back();
    return;
  }
  std::string segment = decode(raw, false);
  if (has_dot_component(segment)) {
    throw Error(HILUM_E_BAD_URI, "the path contains an encoded dot segment (%2e)");
  }
  segments.push_back(std::move(segment));
}

// RFC 9112, 3.2.2: servers must accept the absolute form.
std::string_view without_authority(std::string_view raw) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (raw.size() > scheme.size() && equal_ignoring_case(raw.substr(0, scheme.size()), scheme)) {
      raw.remove_prefix(scheme.size());
      raw.remove_prefix(std::min(raw.find_first_of("/?"), raw.size()));
      return raw.empty() || raw.front() == '?' ? std::string_view("/") : raw;
    }
  }
  return raw;
}

}  // namespace

Fields parse_query(std::string_view raw) {
  Fields query;
  while (!raw.empty()) {
    const std::string_view item = raw.substr(0, raw.find('&'));
    raw.remove_prefix(std::min(item.size() + 1, raw.size()));
    if (item.empty()) continue;
    const size_t equals = item.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
    query.emplace_back(decode(item.substr(0, equals), true), decode(value, true));
  }
  return query;
}

Target parse_target(std::string_view raw) {
  Target target;
  const std::string_view given = raw;
  raw = raw.substr(0, raw.find('#'));
  raw = without_authority(raw);
  if (raw == "*") {
    target.path = "*";
    return target;
  }
  if (raw.empty() || raw.front() != '/') {
    throw Error(HILUM_E_BAD_URI,
                "the request target must start with '/': " + std::string(given.substr(0, 200)));
  }
  const size_t mark = raw.find('?');
  std::string_view path = raw.substr(0, mark);
  if (mark != std::string_view::npos) target.query = parse_query(raw.substr(mark + 1));
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    add_segment(target.segments, segment);
    path.remove_prefix(segment.size());
  }
  for (const std::string& segment : target.segments) target.path.append("/").append(segment);
  if (target.path.empty()) target.path = "/";
  return target;
}

}  // namespace hilum::http
