// What all outgoing requests have in common.
#pragma once

#include <hilum/cpp/config.h>

#include <chrono>
#include <string>

namespace hilum::http_client {

struct Settings {
  std::chrono::seconds timeout{60};  // HttpTimeout; 0: none
  bool verify_peers = true;          // HttpsVerifyPeers
  std::string ca_file;               // HttpsCACertificates; empty: the authorities of the operating system
  std::string proxy;     // HttpProxy, [user:password@]host:port; empty: none, whatever the environment says
  bool verbose = false;  // HttpVerbose

  // The server's options.
  static Settings of(const Config& config);
};

}  // namespace hilum::http_client
