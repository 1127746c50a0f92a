#include "core/config/access.h"

#include <hilum/cpp/error.h>

namespace hilum::config {
namespace {

std::map<std::string, std::string> registered_users(const Configuration& configuration) {
  std::map<std::string, std::string> users;
  const Json::Value accounts = configuration.section("RegisteredUsers");
  for (const std::string& name : accounts.getMemberNames()) {
    // RFC 7617: the first colon ends the user name.
    if (name.empty() || name.find(':') != std::string::npos || !accounts[name].isString()) {
      throw Error(HILUM_E_BAD_FORMAT,
                  "option \"RegisteredUsers\" (" + configuration.where("RegisteredUsers") +
                      "): expected \"user\": \"password\" with no colon in the user's name; the "
                      "account \"" +
                      name + "\" is not like that");
    }
    users[name] = accounts[name].asString();
  }
  return users;
}

}  // namespace

AccessRules access_rules(const Configuration& configuration) {
  AccessRules rules;
  rules.remote_access = configuration.get_bool("RemoteAccessAllowed");
  rules.authentication = configuration.get_bool("AuthenticationEnabled");
  rules.users = registered_users(configuration);
  rules.secure = !rules.remote_access || rules.authentication;
  if (rules.remote_access && !rules.authentication) {
    rules.warnings.push_back(
        "everybody on the network can read, change and delete all images: RemoteAccessAllowed is true and "
        "AuthenticationEnabled is false. Remove AuthenticationEnabled and declare RegisteredUsers");
  }
  for (auto user = rules.users.begin(); user != rules.users.end();) {
    if (!user->second.empty()) {
      ++user;
      continue;
    }
    // Most often a variable that is not set. Letting everybody in would be the worst answer to that.
    rules.warnings.push_back(
        "the account \"" + user->first + "\" (" + configuration.where("RegisteredUsers") +
        ") is closed, for its password is empty: set it, or the environment variable that it "
        "names");
    user = rules.users.erase(user);
  }
  if (rules.authentication && rules.users.empty()) {
    rules.warnings.push_back(
        "nobody can log in to the REST API: authentication is on and there is no account. Declare one, for "
        "instance "
        "\"RegisteredUsers\": { \"alice\": \"${ALICE_PASSWORD}\" }");
  }
  if (rules.remote_access && !configuration.get_bool("SslEnabled")) {
    rules.warnings.push_back(
        "passwords and images travel over the network unencrypted: RemoteAccessAllowed is true and "
        "SslEnabled is "
        "false. Set SslEnabled and SslCertificate, or let a proxy on this machine do the encryption");
  }
  return rules;
}

}  // namespace hilum::config
