#include "core/dimse/modality_json.h"

#include <hilum/cpp/error.h>
#include <json/reader.h>
#include <json/writer.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "core/base/log.h"

namespace hilum::dimse {
namespace {

constexpr size_t kLongestHost = 253;         // a DNS name
constexpr uint32_t kLongestTimeout = 86400;  // a day, as for the options
constexpr unsigned kMostSopClasses = 1000;

[[noreturn]] void malformed(const std::string& what) { throw Error(HILUM_E_BAD_FORMAT, what); }

std::string text_of(const Json::Value& value, const char* name) {
  if (!value.isString()) malformed(std::string("\"") + name + "\" of a modality must be a text");
  return value.asString();
}

bool flag_of(const Json::Value& object, const char* name, bool otherwise) {
  if (!object.isMember(name)) return otherwise;
  if (!object[name].isBool()) malformed(std::string("\"") + name + "\" of a modality must be true or false");
  return object[name].asBool();
}

// By custom also as a text.
uint16_t port_of(const Json::Value& value) {
  uint64_t port = 0;
  if (value.isString()) {
    const std::string text = value.asString();
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, port);
    if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) {
      malformed("the port of a modality must be a number");
    }
  } else if (value.isInt64()) {
    port = value.asInt64() < 0 ? 0 : static_cast<uint64_t>(value.asInt64());
  } else if (value.isUInt64()) {
    port = value.asUInt64();
  } else {
    malformed("the port of a modality must be a number");
  }
  if (port < 1 || port > 65534) {
    throw Error(HILUM_E_OUT_OF_RANGE, "the port of a modality must be from 1 to 65534");
  }
  return static_cast<uint16_t>(port);
}

// Obsolete ones still stand in many configurations.
std::string manufacturer_of(const std::string& given) {
  for (const char* const known : {"Generic", "GenericNoWildcardInDates", "GenericNoUniversalWildcard", "GE",
                                  "Vitrea", "SiemensSyngoCT"}) {
    if (given == known) return given;
  }
  const char* now = nullptr;
  for (const char* const obsolete : {"MedInria", "EFilm2", "ClearCanvas", "Dcm4Chee"}) {
    if (given == obsolete) now = "Generic";
  }
  for (const char* const obsolete : {"AgfaImpax", "SyngoVia"}) {
    if (given == obsolete) now = "GenericNoWildcardInDates";
  }
  if (now == nullptr) {
    throw Error(HILUM_E_OUT_OF_RANGE, "unknown manufacturer of a modality: \"" + given.substr(0, 64) + "\"");
  }
  log_warning(LogCategory::kDicom, "the manufacturer \"{}\" of a modality is obsolete, it is now \"{}\"",
              given, now);
  return now;
}

std::string host_of(const Json::Value& value) {
  const std::string host = text_of(value, "Host");
  if (host.empty() || host.size() > kLongestHost ||
      std::any_of(host.begin(), host.end(), [](char c) { return c <= ' ' || c == '\x7f'; })) {
    malformed("the host of a modality must be a name or an address, without spaces");
  }
  return host;
}

Modality of_array(const Json::Value& json) {
  if (json.size() != 3 && json.size() != 4) {
    malformed("a modality is [ \"AET\", \"host\", port ], with a manufacturer as fourth item if any");
  }
  Modality modality;
  modality.aet = text_of(json[0], "AET");
  modality.host = host_of(json[1]);
  modality.port = port_of(json[2]);
  if (json.size() == 4) modality.manufacturer = manufacturer_of(text_of(json[3], "Manufacturer"));
  return modality;
}

uint32_t timeout_of(const Json::Value& value) {
  if (!value.isUInt64()) malformed("\"Timeout\" of a modality must be a number of seconds");
  if (value.asUInt64() > kLongestTimeout) {
    throw Error(HILUM_E_OUT_OF_RANGE, "\"Timeout\" of a modality must be from 0 to " +
                                          std::to_string(kLongestTimeout) + " seconds");
  }
  return value.asUInt();
}

std::string retrieve_method_of(const std::string& given) {
  if (given != "C-MOVE" && given != "C-GET") {
    throw Error(HILUM_E_OUT_OF_RANGE, "\"RetrieveMethod\" of a modality must be \"C-MOVE\" or \"C-GET\"");
  }
  return given;
}

std::vector<std::string> classes_of(const Json::Value& value) {
  if (!value.isArray() || value.size() > kMostSopClasses) {
    malformed("\"PermissiveStoreSopClasses\" of a modality must be a list of UIDs");
  }
  std::vector<std::string> classes;
  for (const Json::Value& uid : value) classes.push_back(text_of(uid, "PermissiveStoreSopClasses"));
  return classes;
}

void read_permissions(const Json::Value& json, Modality& modality) {
  modality.allow_echo = flag_of(json, "AllowEcho", true);
  modality.allow_store = flag_of(json, "AllowStore", true);
  modality.allow_find = flag_of(json, "AllowFind", true);
  modality.allow_find_worklist = flag_of(json, "AllowFindWorklist", true);
  modality.allow_get = flag_of(json, "AllowGet", true);
  modality.allow_move = flag_of(json, "AllowMove", true);
  modality.allow_n_action = flag_of(json, "AllowNAction", true);
  modality.allow_event_report = flag_of(json, "AllowEventReport", true);
  if (json.isMember("AllowStorageCommitment")) {  // sets both, and wins over either
    modality.allow_n_action = modality.allow_event_report = flag_of(json, "AllowStorageCommitment", true);
  }
}

Modality of_object(const Json::Value& json) {
  for (const char* const needed : {"AET", "Host", "Port"}) {
    if (!json.isMember(needed)) malformed(std::string("\"") + needed + "\" of a modality is missing");
  }
  Modality modality;
  modality.aet = text_of(json["AET"], "AET");
  modality.host = host_of(json["Host"]);
  modality.port = port_of(json["Port"]);
  read_permissions(json, modality);
  if (json.isMember("Manufacturer")) {
    modality.manufacturer = manufacturer_of(text_of(json["Manufacturer"], "Manufacturer"));
  }
  modality.allow_transcoding = flag_of(json, "AllowTranscoding", true);
  modality.use_tls = flag_of(json, "UseDicomTls", false);
  if (json.isMember("LocalAet")) modality.local_aet = text_of(json["LocalAet"], "LocalAet");
  if (json.isMember("Timeout")) modality.timeout_s = timeout_of(json["Timeout"]);
  if (json.isMember("RetrieveMethod")) {
    modality.retrieve_method = retrieve_method_of(text_of(json["RetrieveMethod"], "RetrieveMethod"));
  }
  if (json.isMember("PermissiveStoreSopClasses")) {
    modality.permissive_store_sop_classes = classes_of(json["PermissiveStoreSopClasses"]);
  }
  return modality;
}

std::string compact(const Json::Value& json) {
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  builder["emitUTF8"] = true;
  return Json::writeString(builder, json);
}

}  // namespace

Json::Value parse_json_text(std::string_view text) {
  Json::CharReaderBuilder builder;
  Json::CharReaderBuilder::strictMode(&builder.settings_);
  builder["strictRoot"] = false;
  builder["stackLimit"] = 100;
  const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
  Json::Value value;
  bool good = false;
  try {
    good = reader->parse(text.data(), text.data() + text.size(), &value, nullptr);
  } catch (const Json::Exception&) {
    // Nested too deeply.
  }
  if (!good) malformed("not a JSON text");
  return value;
}

Modality read_modality(const Json::Value& json) {
  if (!json.isArray() && !json.isObject()) malformed("a modality is a list or an object");
  Modality modality = json.isArray() ? of_array(json) : of_object(json);
  check_aet(modality.aet, "\"AET\" of a modality");
  if (!modality.local_aet.empty()) check_aet(modality.local_aet, "\"LocalAet\" of a modality");
  return modality;
}

Modality read_modality_text(std::string_view text) { return read_modality(parse_json_text(text)); }

Json::Value json_of_modality(const Modality& modality) {
  Json::Value json;
  json["AET"] = modality.aet;
  json["Host"] = modality.host;
  json["Port"] = modality.port;
  json["Manufacturer"] = modality.manufacturer;
  json["AllowEcho"] = modality.allow_echo;
  json["AllowStore"] = modality.allow_store;
  json["AllowFind"] = modality.allow_find;
  json["AllowFindWorklist"] = modality.allow_find_worklist;
  json["AllowGet"] = modality.allow_get;
  json["AllowMove"] = modality.allow_move;
  json["AllowNAction"] = modality.allow_n_action;
  json["AllowEventReport"] = modality.allow_event_report;
  json["AllowTranscoding"] = modality.allow_transcoding;
  json["UseDicomTls"] = modality.use_tls;
  json["LocalAet"] = modality.local_aet;
  json["Timeout"] = modality.timeout_s;
  if (!modality.retrieve_method.empty()) json["RetrieveMethod"] = modality.retrieve_method;
  json["PermissiveStoreSopClasses"] = Json::arrayValue;
  for (const std::string& uid : modality.permissive_store_sop_classes) {
    json["PermissiveStoreSopClasses"].append(uid);
  }
  return json;
}

std::string write_modality(const Modality& modality, const std::string& default_retrieve_method) {
  Json::Value json = json_of_modality(modality);
  if (modality.retrieve_method.empty()) json["RetrieveMethod"] = default_retrieve_method;
  return compact(json);
}

void check_modality_name(std::string_view name) {
  constexpr size_t kLongestName = 64;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (name.empty() || name.size() > kLongestName || !std::all_of(name.begin(), name.end(), allowed)) {
    malformed("the name of a modality has 1 to " + std::to_string(kLongestName) +
              " letters, digits, '-' and '_'");
  }
}

void check_aet(std::string_view title, std::string_view what) {
  const auto bad = [](char c) { return c < ' ' || c > '~' || c == '\\'; };
  if (title.empty() || title.size() > 16 || title.find_first_not_of(' ') == std::string_view::npos ||
      std::any_of(title.begin(), title.end(), bad)) {
    malformed(std::string(what) + " must have 1 to 16 characters, without backslash");
  }
}

}  // namespace hilum::dimse
