#include "core/http/route_documents.h"

#include <hilum/version.h>
#include <json/json.h>

#include <algorithm>
#include <array>
#include <map>

namespace hilum::http {

namespace {

// OpenAPI has no wildcard segments: "{path*}" is written as a parameter.
std::string openapi_path(std::string pattern) {
  pattern.erase(std::remove(pattern.begin(), pattern.end(), '*'), pattern.end());
  return pattern;
}

const char* media_type(const std::string& answer_kind) {
  if (answer_kind == "json") return "application/json";
  if (answer_kind == "text") return "text/plain";
  if (answer_kind == "dicom") return "application/dicom";
  if (answer_kind == "image") return "image/png";
  if (answer_kind == "archive") return "application/zip";
  return "application/octet-stream";
}

std::string schema_type(const std::string& type) {
  static constexpr std::array<const char*, 6> kTypes{"boolean", "integer", "number",
                                                     "string",  "array",   "object"};
  const bool known = std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
  return known ? type : "string";
}

Json::Value parameter(const std::string& place, const std::string& name, const std::string& type,
                      const std::string& description) {
  Json::Value value(Json::objectValue);
  value["in"] = place;
  value["name"] = name;
  value["required"] = place == "path";
  value["schema"]["type"] = schema_type(type);
  if (value["schema"]["type"] == "array") value["schema"]["items"] = Json::Value(Json::objectValue);
  if (!description.empty()) value["description"] = description;
  return value;
}

Json::Value path_parameters(const std::string& path) {
  Json::Value parameters(Json::arrayValue);
  for (size_t open = path.find('{'); open != std::string::npos; open = path.find('{', open + 1)) {
    const size_t close = path.find('}', open);
    parameters.append(parameter("path", path.substr(open + 1, close - open - 1), "string", ""));
  }
  return parameters;
}

Json::Value operation(const Route& route) {
  Json::Value value(Json::objectValue);
  value["summary"] = route.summary;
  value["tags"].append(route.owner);
  value["x-permission"] = route.permission;
  value["parameters"] = path_parameters(openapi_path(route.pattern));
  Json::Value body_properties(Json::objectValue);
  for (const RouteArgument& argument : route.arguments) {
    switch (argument.place) {
      case RouteArgument::Place::kQuery:
        value["parameters"].append(parameter("query", argument.name, argument.type, argument.description));
        break;
      case RouteArgument::Place::kHeader:
        value["parameters"].append(parameter("header", argument.name, argument.type, argument.description));
        break;
      case RouteArgument::Place::kBody:
        body_properties[argument.name]["type"] = schema_type(argument.type);
        body_properties[argument.name]["description"] = argument.description;
        break;
      case RouteArgument::Place::kPath:
        break;  // in the pattern already
    }
  }
  if (!body_properties.empty()) {
    Json::Value& schema = value["requestBody"]["content"]["application/json"]["schema"];
    schema["type"] = "object";
    schema["properties"] = body_properties;
  }
  Json::Value& success = value["responses"]["200"];
  success["description"] = route.summary;
  if (route.answer_kind != "empty") {
    success["content"][media_type(route.answer_kind)] = Json::Value(Json::objectValue);
  }
  return value;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

std::string csv_field(const std::string& text) {
  std::string field = "\"";
  for (char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  return field + "\"";
}

}  // namespace

std::string openapi_document(const RouteList& routes) {
  Json::Value document(Json::objectValue);
  document["openapi"] = "3.0.3";
  document["info"]["title"] = "Hilum";
  document["info"]["version"] = HILUM_VERSION;
  document["paths"] = Json::Value(Json::objectValue);
  for (const auto& route : routes) {
    document["paths"][openapi_path(route->pattern)][lower(method_name(route->method))] = operation(*route);
  }
  return document.toStyledString();
}

std::string cheatsheet(const RouteList& routes) {
  constexpr std::array<Method, 4> kColumns{Method::kGet, Method::kPost, Method::kDelete, Method::kPut};
  std::map<std::string, std::map<Method, std::string>> rows;
  for (const auto& route : routes) rows[route->pattern][route->method] = route->summary;
  std::string text = "Path,GET,POST,DELETE,PUT\n";
  for (const auto& [path, summaries] : rows) {
    text += csv_field(path);
    for (Method method : kColumns) {
      const auto found = summaries.find(method);
      text += "," + (found == summaries.end() ? std::string() : csv_field(found->second));
    }
    text += "\n";
  }
  return text;
}

}  // namespace hilum::http
