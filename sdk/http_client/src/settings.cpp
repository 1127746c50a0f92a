#include <hilum/http_client/settings.h>

namespace hilum::http_client {

Settings Settings::of(const Config& config) {
  Settings settings;
  settings.timeout = std::chrono::seconds(config.integer("HttpTimeout"));
  settings.verify_peers = config.boolean("HttpsVerifyPeers");
  settings.ca_file = config.text("HttpsCACertificates");
  if (!settings.ca_file.empty()) settings.ca_file = config.resolve_path(settings.ca_file);
  settings.proxy = config.text("HttpProxy");
  settings.verbose = config.boolean("HttpVerbose");
  return settings;
}

}  // namespace hilum::http_client
