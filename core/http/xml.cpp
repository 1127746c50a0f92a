#include "core/http/xml.h"

#include <hilum/cpp/error.h>
#include <json/json.h>

#include <memory>

namespace hilum::http {
namespace {

bool name_start(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

bool is_xml_name(const std::string& name) {
  if (name.empty() || !name_start(name.front())) return false;
  for (char c : name) {
    if (!name_start(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.') return false;
  }
  return true;
}

void escape(std::string& out, std::string_view text) {
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // XML 1.0 has no place for other control characters, not even escaped.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r' ? '?' : c;
    }
  }
}

void write_value(std::string& out, const Json::Value& value, size_t depth);

void write_element(std::string& out, const std::string& name, const Json::Value& value, size_t depth) {
  const std::string indent(2 * depth, ' ');
  const bool plain = is_xml_name(name);
  out += indent;
  out += '<';
  if (plain) {
    out += name;
  } else {
    out += "item key=\"";
    escape(out, name);
    out += '"';
  }
  const bool nested = (value.isArray() || value.isObject());
  if (nested && value.empty()) {
    out += " />\n";
    return;
  }
  out += '>';
  if (nested) out += '\n';
  write_value(out, value, depth + 1);
  if (nested) out += indent;
  out.append("</").append(plain ? name : "item").append(">\n");
}

void write_value(std::string& out, const Json::Value& value, size_t depth) {
  if (value.isObject()) {
    for (const std::string& key : value.getMemberNames()) write_element(out, key, value[key], depth);
  } else if (value.isArray()) {
    for (const Json::Value& item : value) write_element(out, "item", item, depth);
  } else {
    escape(out, value.isNull() ? "null" : value.asString());
  }
}

}  // namespace

std::string json_to_xml(std::string_view json) {
  Json::CharReaderBuilder builder;
  const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
  Json::Value value;
  std::string errors;
  bool good = false;
  try {
    good = reader->parse(json.data(), json.data() + json.size(), &value, &errors);
  } catch (const Json::Exception& error) {  // nested too deeply
    errors = error.what();
  }
  if (!good) throw Error(HILUM_E_BAD_JSON, "cannot turn an answer into XML: " + errors);
  std::string out = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
  write_element(out, "root", value, 0);
  return out;
}

}  // namespace hilum::http
