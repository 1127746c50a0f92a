#include "core/http/route_documents.h"

#include <hilum/version.h>
#include <json/json.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace hilum::http {

namespace {

// OpenAPI has no wildcard segments: "{path*}" is written as a parameter.
std::string openapi_path(std::string pattern) {
  pattern.erase(std::remove(pattern.begin(), pattern.end(), '*'), pattern.end());
  return pattern;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
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

Json::Value schema(const std::string& type) {
  Json::Value value(Json::objectValue);
  value["type"] = schema_type(type);
  if (value["type"] == "array") value["items"] = Json::Value(Json::objectValue);
  if (type == "binary") value["format"] = "binary";
  return value;
}

// Flags and numbers stand in a text, too; lists and objects are JSON; the rest are the bytes themselves.
Json::Value whole_body(const RouteArgument& argument) {
  const bool is_json = argument.type == "array" || argument.type == "object";
  const char* const type = is_json                     ? "application/json"
                           : argument.type == "binary" ? "application/octet-stream"
                                                       : "text/plain";
  Json::Value body(Json::objectValue);
  body["description"] = argument.description;
  body["content"][type]["schema"] = schema(argument.type);
  return body;
}

// "get_instances_id_file"
std::string operation_id(const Route& route) {
  std::string id = lower(method_name(route.method));
  bool separate = true;
  for (const char c : route.pattern) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      separate = true;
      continue;
    }
    if (separate) id += '_';
    separate = false;
    id += c;
  }
  return id;
}

Json::Value parameter(const std::string& place, const std::string& name, const std::string& type,
                      const std::string& description) {
  Json::Value value(Json::objectValue);
  value["in"] = place;
  value["name"] = name;
  value["required"] = place == "path";
  value["schema"] = schema(type);
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
  if (!route.since.empty()) value["x-since"] = route.since;
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
        if (argument.name.empty()) {  // the body as a whole
          value["requestBody"] = whole_body(argument);
        } else {
          body_properties[argument.name] = schema(argument.type);
          body_properties[argument.name]["description"] = argument.description;
        }
        break;
      case RouteArgument::Place::kPath:
        break;  // in the pattern already
    }
  }
  if (!body_properties.empty()) {
    Json::Value& object = value["requestBody"]["content"]["application/json"]["schema"];
    object["type"] = "object";
    object["properties"] = body_properties;
  }
  value["responses"]["default"]["$ref"] = "#/components/responses/Error";
  Json::Value& success = value["responses"]["200"];
  success["description"] = route.summary;
  if (route.answer_kind != "empty") {
    success["content"][media_type(route.answer_kind)] = Json::Value(Json::objectValue);
  }
  return value;
}

// What every refusal looks like (error_body.h).
Json::Value error_response() {
  Json::Value response(Json::objectValue);
  response["description"] = "What went wrong; no body if errors are not to be described";
  Json::Value& object = response["content"]["application/json"]["schema"];
  object["type"] = "object";
  for (const char* name : {"Details", "HttpError", "Message", "Method", "OrthancError", "Uri"}) {
    object["properties"][name]["type"] = "string";
  }
  for (const char* name : {"HttpStatus", "OrthancStatus"}) object["properties"][name]["type"] = "integer";
  return response;
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
  document["info"]["description"] = "A DICOM server with a REST API";
  document["info"]["license"]["name"] = "Apache-2.0";
  document["paths"] = Json::Value(Json::objectValue);
  document["components"]["responses"]["Error"] = error_response();
  std::set<std::string> ids;  // of operations: each may stand once
  for (const auto& route : routes) {
    Json::Value described = operation(*route);
    std::string id = operation_id(*route);
    while (!ids.insert(id).second) id += '_';
    described["operationId"] = id;
    document["paths"][openapi_path(route->pattern)][lower(method_name(route->method))] = std::move(described);
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
