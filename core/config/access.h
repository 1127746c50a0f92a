// Who may use the HTTP server, worked out from several options once. Defaults are closed: no remote access,
// no user.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/config/configuration.h"

namespace hilum::config {

struct AccessRules {
  bool remote_access = false;   // else only loopback clients are served
  bool authentication = false;  // AuthenticationEnabled, by default the value of RemoteAccessAllowed
  std::map<std::string, std::string> users;  // name -> password, none empty
  bool secure = true;                        // /system: IsHttpServerSecure
  std::vector<std::string> warnings;         // to log at start: what is open or locked, and what to do
};

AccessRules access_rules(const Configuration& configuration);

}  // namespace hilum::config
