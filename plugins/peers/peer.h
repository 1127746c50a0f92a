// Another server with this REST API: what is known of it.
#pragma once

#include <hilum/http_client/client.h>
#include <json/json.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace hilum::peers {

struct Peer {
  std::string name;
  std::string url;  // ends with '/'
  std::string username;
  std::string password;
  std::string certificate_file;
  std::string certificate_key_file;
  std::string certificate_key_password;
  std::map<std::string, std::string> headers;
  bool pkcs11 = false;
  uint32_t timeout = 0;                           // seconds; 0: HttpTimeout
  std::map<std::string, std::string> properties;  // of its users, whatever they mean

  // Authentication goes over the wire as it is if this is false.
  bool is_encrypted() const { return url.compare(0, 8, "https://") == 0; }
};

// Names are parts of paths. Throws HILUM_E_BAD_FORMAT.
void check_peer_name(std::string_view name);

// A definition: [url], [url, user, password], or an object. Throws HILUM_E_BAD_FORMAT, naming what is wrong.
Peer parse_peer(std::string_view name, const Json::Value& definition);
// Throws HILUM_E_INEXISTENT_FILE if a certificate or its key is not there.
void check_files(const Peer& peer);

// All of it, secrets too: what is kept in the index.
Json::Value stored_form(const Peer& peer);
// What everybody may see: no secrets, headers by their names.
Json::Value public_form(const Peer& peer);
// What jobs show: a list where that is enough, as definitions may have it; no secrets.
Json::Value job_form(const Peer& peer);

// A request to it. `path` without a slash in front. Throws HILUM_E_NOT_IMPLEMENTED for PKCS#11.
http_client::Request request_to(const Peer& peer, std::string_view method, std::string_view path);

}  // namespace hilum::peers
