#include "request.h"

#include <hilum/dicom/transcode.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/json_body.h>

#include <algorithm>

#include "deflate.h"

namespace hilum::archives {

namespace {

constexpr size_t kLongestBody = 32u << 20;  // 500,000 ids
constexpr size_t kLongestFileName = 255;

void set_transcode(std::string_view uid, ArchiveOptions& options) {
  if (!dicom::is_registered_transfer_syntax(uid)) {
    throw Error(HILUM_E_OUT_OF_RANGE, "Unknown transfer syntax: " + std::string(uid.substr(0, 64)));
  }
  options.content.transcode = uid;
}

void set_quality(std::optional<int64_t> quality, const char* name, ArchiveOptions& options) {
  if (!quality || *quality < 1 || *quality > 100) {
    throw Error(HILUM_E_OUT_OF_RANGE, std::string(name) + " must be an integer from 1 to 100");
  }
  options.content.transcoding.lossy_quality = static_cast<int>(*quality);
}

std::string checked_file_name(std::string_view name) {
  if (name.size() > kLongestFileName) {
    throw Error(HILUM_E_OUT_OF_RANGE,
                "the file name may have " + std::to_string(kLongestFileName) + " bytes at most");
  }
  return std::string(name);
}

void set_extended(bool extended, ArchiveOptions& options) {
  options.content.extended = options.layout == Layout::kMedia && extended;
}

void read_query(const Request& request, Kind kind, ArchiveRequest& result) {
  if (const auto uid = request.query("transcode")) set_transcode(*uid, result.options);
  if (const auto quality = request.query("lossy-quality"))
    set_quality(rest::parse_integer(*quality), "lossy-quality", result.options);
  if (const auto name = request.query("filename")) result.file_name = checked_file_name(*name);
  if (kind == Kind::kMedia && request.has_query("extended")) set_extended(true, result.options);
}

std::optional<std::string> text_field(const Json::Value& body, const char* name) {
  if (!body.isMember(name)) return std::nullopt;
  if (!body[name].isString())
    throw Error(HILUM_E_BAD_FORMAT, std::string("String value expected in field: ") + name);
  return body[name].asString();
}

void read_body(const Json::Value& body, ArchiveRequest& result) {
  result.job = rest::read_job_arguments(body);
  if (!body.isObject()) return;
  if (const auto uid = text_field(body, "Transcode")) set_transcode(*uid, result.options);
  if (body.isMember("LossyQuality")) {
    if (!body["LossyQuality"].isInt())
      throw Error(HILUM_E_BAD_FORMAT, "Integer value expected in field: LossyQuality");
    set_quality(body["LossyQuality"].asInt(), "LossyQuality", result.options);
  }
  if (const auto name = text_field(body, "Filename")) result.file_name = checked_file_name(*name);
  set_extended(rest::boolean_field(body, "Extended", result.options.content.extended), result.options);
  result.options.utf8 = rest::boolean_field(body, "Utf8", result.options.utf8);
}

void select_one(const rest::Call& call, ArchiveRequest& result) {
  result.resources.emplace_back(call.id());
  if (!result.selection.add(call.services.index.snapshot(), result.resources.front(), call.level.level)) {
    throw Error(HILUM_E_INEXISTENT_ITEM,
                "Missing resource while creating an archive: " + result.resources.front());
  }
}

void select_list(const rest::Services& services, ArchiveRequest& result) {
  const Snapshot snapshot = services.index.snapshot();
  for (const std::string& id : result.resources) {
    if (!result.selection.add(snapshot, id)) {
      throw Error(HILUM_E_UNKNOWN_RESOURCE,
                  "Missing resource while creating an archive: " + id.substr(0, 64));
    }
  }
}

}  // namespace

ArchiveOptions default_options(const Config& config, Kind kind) {
  ArchiveOptions options;
  options.layout = kind == Kind::kArchive ? Layout::kFolders : Layout::kMedia;
  options.utf8 = config.boolean("ZipUseUtf8");
  options.content.level =
      static_cast<int>(std::clamp<int64_t>(config.integer("ZipCompressionLevel"), 0, kHighestLevel));
  options.content.transcoding.lossy_quality =
      static_cast<int>(config.integer("DicomLossyTranscodingQuality"));
  options.content.directory = kind != Kind::kArchive;
  options.content.extended = kind == Kind::kExtendedMedia;
  return options;
}

ArchiveRequest get_of_resource(const rest::Call& call, Kind kind) {
  ArchiveRequest result;
  result.options = default_options(call.services.config, kind);
  read_query(call.request, kind, result);
  select_one(call, result);
  return result;
}

ArchiveRequest post_of_resource(const rest::Call& call, Kind kind) {
  ArchiveRequest result;
  result.options = default_options(call.services.config, kind);
  const std::optional<Json::Value> body = rest::parse_json(call.request.body(kLongestBody));
  if (!body) throw Error(HILUM_E_BAD_FORMAT, "The body must be JSON: an object with the arguments, or {}");
  read_body(*body, result);
  select_one(call, result);
  return result;
}

ArchiveRequest get_of_list(const rest::Services& services, const Request& request, Kind kind) {
  ArchiveRequest result;
  result.options = default_options(services.config, kind);
  const std::optional<std::string_view> list = request.query("resources");
  if (!list) throw Error(HILUM_E_BAD_REQUEST, "Missing resources argument");
  read_query(request, kind, result);
  if (!list->empty()) result.resources = rest::split(*list, ',');
  select_list(services, result);
  return result;
}

ArchiveRequest post_of_list(const rest::Services& services, const Request& request, Kind kind) {
  ArchiveRequest result;
  result.options = default_options(services.config, kind);
  const std::optional<Json::Value> body = rest::parse_json(request.body(kLongestBody));
  if (!body || !(body->isArray() || body->isObject()))
    throw Error(HILUM_E_BAD_FORMAT, "Expected a list of resources to archive in the body");
  const bool is_object = body->isObject();
  if (is_object && !body->isMember("Resources"))
    throw Error(HILUM_E_BAD_FORMAT, "Missing field Resources in the JSON body");
  const Json::Value& list = is_object ? (*body)["Resources"] : *body;
  constexpr const char* kExpected = "Expected a list of strings (Orthanc identifiers)";
  if (!list.isArray()) throw Error(HILUM_E_BAD_FORMAT, kExpected);
  for (const Json::Value& id : list) {
    if (!id.isString()) throw Error(HILUM_E_BAD_FORMAT, kExpected);
    result.resources.push_back(id.asString());
  }
  read_body(*body, result);
  select_list(services, result);
  return result;
}

}  // namespace hilum::archives
