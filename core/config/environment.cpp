#include <cctype>
#include <cstdlib>

#include "core/config/configuration.h"

namespace hilum::config {
namespace {

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

std::string without_quotes(std::string_view text) {
  const bool quoted =
      text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

// Takes "${...}" from the front of `rest`; false, and nothing taken, when it is not of that form.
bool take_variable(std::string_view& rest, std::string& out) {
  const size_t close = rest.find('}');
  if (rest.substr(0, 2) != "${" || close == std::string_view::npos) {
    return false;
  }
  const std::string_view inside = rest.substr(2, close - 2);
  size_t length = 0;
  while (length < inside.size() && is_name_character(inside[length])) {
    ++length;
  }
  const std::string_view after = inside.substr(length);
  if (length == 0 || (!after.empty() && after.substr(0, 2) != ":-")) {
    return false;
  }
  const char* const value = std::getenv(std::string(inside.substr(0, length)).c_str());
  if (value != nullptr) {
    out += value;
  } else if (!after.empty()) {
    out += without_quotes(after.substr(2));
  }
  rest.remove_prefix(close + 1);
  return true;
}

}  // namespace

std::string substitute_environment(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (!take_variable(text, out)) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace hilum::config
