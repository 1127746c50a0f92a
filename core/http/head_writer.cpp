#include "core/http/head_writer.h"

#include <charconv>
#include <ctime>
#include <string_view>

#include "core/http/status_text.h"

namespace hilum::http {
namespace {

void append_number(std::string& out, uint64_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<size_t>(end - digits));
}

// The Date line; formatted once per second and thread.
std::string_view date_line() {
  thread_local std::time_t second = -1;
  thread_local char line[48];
  thread_local size_t length = 0;
  const std::time_t now = std::time(nullptr);
  if (now != second) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    char format[48];  // names must not follow the locale
    std::snprintf(format, sizeof format, "Date: %s, %%d %s %%Y %%H:%%M:%%S GMT\r\n", kDays[utc.tm_wday],
                  kMonths[utc.tm_mon]);
    length = std::strftime(line, sizeof line, format, &utc);
    second = now;
  }
  return {line, length};
}

}  // namespace

void write_head(std::string& out, const AnswerHead& head, const Framing& framing) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<uint64_t>(head.status));
  out += ' ';
  out += status_text(head.status);
  if (framing.keep_alive) {
    out += "\r\nConnection: keep-alive\r\nKeep-Alive: timeout=";
    append_number(out, static_cast<uint64_t>(framing.keep_alive_seconds));
    out += "\r\n";
  } else {
    out += "\r\nConnection: close\r\n";
  }
  out += date_line();
  bool sniff_set = false;
  for (const auto& [name, value] : head.headers) {
    sniff_set = sniff_set || equal_ignoring_case(name, "X-Content-Type-Options");
    out.append(name).append(": ").append(value).append("\r\n");
  }
  if (!sniff_set) out += "X-Content-Type-Options: nosniff\r\n";
  if (framing.length) {
    out += "Content-Length: ";
    append_number(out, *framing.length);
    out += "\r\n";
  } else if (framing.chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  out += "\r\n";
}

}  // namespace hilum::http
