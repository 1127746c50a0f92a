#include "peer.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <filesystem>
#include <limits>

namespace hilum::peers {

namespace {

constexpr const char* kUrl = "Url";
constexpr const char* kUrlToo = "URL";
constexpr const char* kUsername = "Username";
constexpr const char* kPassword = "Password";
constexpr const char* kCertificateFile = "CertificateFile";
constexpr const char* kCertificateKeyFile = "CertificateKeyFile";
constexpr const char* kCertificateKeyPassword = "CertificateKeyPassword";
constexpr const char* kHttpHeaders = "HttpHeaders";
constexpr const char* kPkcs11 = "Pkcs11";
constexpr const char* kTimeout = "Timeout";

[[noreturn]] void bad(const std::string& details) { throw Error(HILUM_E_BAD_FORMAT, details); }

std::string text_member(const Json::Value& object, const char* name) {
  if (!object.isMember(name)) return {};
  if (!object[name].isString()) bad(std::string("String value expected in field: ") + name);
  return object[name].asString();
}

std::string checked_url(std::string url) {
  if (url.empty()) bad("Empty URL");
  if (!http_client::is_header_value(url) || url.find(' ') != std::string::npos)
    bad("A URL without spaces and control characters is expected");
  const size_t scheme = url.find("://");
  if (scheme != std::string::npos && url.compare(0, scheme, "http") != 0 &&
      url.compare(0, scheme, "https") != 0) {
    bad("Bad URL: " + http_client::without_secrets(url).substr(0, 128) + ": only http and https are spoken");
  }
  if (url.back() != '/') url += '/';
  return url;
}

void read_headers(const Json::Value& headers, Peer& peer) {
  if (!headers.isObject()) bad(std::string(kHttpHeaders) + " must be an object: values by names");
  for (const std::string& name : headers.getMemberNames()) {
    const Json::Value& value = headers[name];
    if (!value.isString()) bad(std::string(kHttpHeaders) + " must have texts as values");
    if (!http_client::is_header_name(name) || !http_client::is_header_value(value.asString())) {
      bad(std::string(kHttpHeaders) + ": HTTP does not allow this name or its value");
    }
    peer.headers[name] = value.asString();
  }
}

bool is_known(const std::string& name) {
  static const char* const kNames[] = {kUrl,
                                       kUrlToo,
                                       kUsername,
                                       kPassword,
                                       kCertificateFile,
                                       kCertificateKeyFile,
                                       kCertificateKeyPassword,
                                       kHttpHeaders,
                                       kPkcs11,
                                       kTimeout};
  return std::any_of(std::begin(kNames), std::end(kNames), [&](const char* known) { return name == known; });
}

void read_properties(const Json::Value& object, Peer& peer) {
  for (const std::string& name : object.getMemberNames()) {
    if (is_known(name)) continue;
    const Json::Value& value = object[name];
    if (value.isBool()) {
      peer.properties[name] = value.asBool() ? "1" : "0";
    } else if (value.isString() || value.isIntegral()) {
      peer.properties[name] = value.asString();
    } else {
      bad("Properties of peers are texts, booleans or integers, and this is none: " + name.substr(0, 128));
    }
  }
}

void read_object(const Json::Value& object, Peer& peer) {
  peer.url = checked_url(text_member(object, object.isMember(kUrl) ? kUrl : kUrlToo));
  peer.username = text_member(object, kUsername);
  peer.password = text_member(object, kPassword);
  peer.certificate_file = text_member(object, kCertificateFile);
  if (!peer.certificate_file.empty()) {  // a key alone is of no use
    peer.certificate_key_file = text_member(object, kCertificateKeyFile);
    peer.certificate_key_password = text_member(object, kCertificateKeyPassword);
  } else {
    (void)text_member(object, kCertificateKeyFile);
    (void)text_member(object, kCertificateKeyPassword);
  }
  if (object.isMember(kHttpHeaders)) read_headers(object[kHttpHeaders], peer);
  if (object.isMember(kPkcs11)) {
    if (!object[kPkcs11].isBool()) bad(std::string("Boolean value expected in field: ") + kPkcs11);
    peer.pkcs11 = object[kPkcs11].asBool();
  }
  if (object.isMember(kTimeout)) {
    if (!object[kTimeout].isUInt() || object[kTimeout].asUInt() > std::numeric_limits<int32_t>::max()) {
      bad(std::string("Unsigned integer value expected in field: ") + kTimeout);
    }
    peer.timeout = object[kTimeout].asUInt();
  }
  read_properties(object, peer);
}

void read_array(const Json::Value& array, Peer& peer) {
  if (array.size() != 1 && array.size() != 3) bad("A list must be [URL] or [URL, user, password]");
  for (const Json::Value& item : array) {
    if (!item.isString()) bad("A list must be [URL] or [URL, user, password], all texts");
  }
  peer.url = checked_url(array[0].asString());
  if (array.size() == 3) {
    peer.username = array[1].asString();
    peer.password = array[2].asString();
  }
}

void check_file(const std::string& file, const char* what) {
  std::error_code ignored;
  if (!file.empty() && !std::filesystem::is_regular_file(file, ignored)) {
    throw Error(HILUM_E_INEXISTENT_FILE, std::string("Cannot open ") + what + " file: " + file);
  }
}

// What may be seen of the URL: a password can stand there, too.
std::string shown_url(const Peer& peer) {
  return peer.url.find('@') == std::string::npos ? peer.url : http_client::without_secrets(peer.url);
}

void write_common(const Peer& peer, Json::Value& object) {
  object[kPkcs11] = peer.pkcs11;
  object[kTimeout] = peer.timeout;
  for (const auto& [name, value] : peer.properties) object[name] = value;
}

Json::Value header_names(const Peer& peer) {
  Json::Value names(Json::arrayValue);
  for (const auto& header : peer.headers) names.append(header.first);
  return names;
}

}  // namespace

void check_peer_name(std::string_view name) {
  constexpr size_t kLongest = 255;
  const bool good =
      !name.empty() && name.size() <= kLongest && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
               c == '_';
      });
  if (!good) {
    bad("Only alphanumeric, dash characters and underscores are allowed in the names of modalities/peers, but found: " +
        std::string(name.substr(0, 64)));
  }
}

Peer parse_peer(std::string_view name, const Json::Value& definition) {
  check_peer_name(name);
  Peer peer;
  peer.name = name;
  if (definition.isArray()) {
    read_array(definition, peer);
  } else if (definition.isObject()) {
    read_object(definition, peer);
  } else {
    bad("A peer is a list, [URL] or [URL, user, password], or an object");
  }
  if (peer.username.empty() && !peer.password.empty()) bad("A password without a user");
  if (peer.username.find(':') != std::string::npos)
    bad("A user with a colon in its name (RFC 7617 section 2)");
  return peer;
}

void check_files(const Peer& peer) {
  check_file(peer.certificate_file, "certificate");
  check_file(peer.certificate_key_file, "key");
}

Json::Value stored_form(const Peer& peer) {
  Json::Value object(Json::objectValue);
  write_common(peer, object);
  object[kUrl] = peer.url;
  object[kUsername] = peer.username;
  object[kPassword] = peer.password;
  object[kCertificateFile] = peer.certificate_file;
  object[kCertificateKeyFile] = peer.certificate_key_file;
  object[kCertificateKeyPassword] = peer.certificate_key_password;
  object[kHttpHeaders] = Json::objectValue;
  for (const auto& [name, value] : peer.headers) object[kHttpHeaders][name] = value;
  return object;
}

Json::Value public_form(const Peer& peer) {
  Json::Value object(Json::objectValue);
  write_common(peer, object);
  object[kUrl] = shown_url(peer);
  if (!peer.username.empty()) {
    object[kUsername] = peer.username;
    object[kPassword] = Json::nullValue;
  }
  if (!peer.certificate_file.empty()) {
    object[kCertificateFile] = peer.certificate_file;
    object[kCertificateKeyFile] = Json::nullValue;
    object[kCertificateKeyPassword] = Json::nullValue;
  }
  object[kHttpHeaders] = header_names(peer);
  return object;
}

Json::Value job_form(const Peer& peer) {
  const bool is_simple = peer.certificate_file.empty() && peer.headers.empty() && peer.properties.empty() &&
                         !peer.pkcs11 && peer.timeout == 0;
  if (is_simple) {
    Json::Value array(Json::arrayValue);
    array.append(shown_url(peer));
    if (!peer.username.empty()) {
      array.append(peer.username);
      array.append("");
    }
    return array;
  }
  Json::Value object(Json::objectValue);
  write_common(peer, object);
  object[kUrl] = shown_url(peer);
  if (!peer.username.empty()) object[kUsername] = peer.username;
  if (!peer.certificate_file.empty()) object[kCertificateFile] = peer.certificate_file;
  object[kHttpHeaders] = header_names(peer);
  return object;
}

http_client::Request request_to(const Peer& peer, std::string_view method, std::string_view path) {
  if (peer.pkcs11) {
    throw Error(HILUM_E_NOT_IMPLEMENTED,
                "peer " + peer.name + " wants a client certificate on a smart card (PKCS#11)");
  }
  http_client::Request request;
  request.method = method;
  request.url = peer.url + std::string(path);
  for (const auto& header : peer.headers) request.headers.push_back(header);
  if (!peer.username.empty()) request.credentials = http_client::Credentials{peer.username, peer.password};
  request.certificate = {peer.certificate_file, peer.certificate_key_file, peer.certificate_key_password};
  if (peer.timeout > 0) request.timeout = std::chrono::seconds(peer.timeout);
  return request;
}

}  // namespace hilum::peers
