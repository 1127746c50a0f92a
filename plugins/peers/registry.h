// The peers that the server knows.
#pragma once

#include <hilum/cpp/config.h>
#include <hilum/cpp/host.h>
#include <hilum/cpp/log.h>
#include <hilum/cpp/records.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "peer.h"

namespace hilum::peers {

// Those of the option OrthancPeers, changed in memory only; or those of the index, whatever the option says
// (OrthancPeersInDatabase). Owned by the plugin; usable from every thread.
class Registry {
 public:
  // Throws HILUM_E_BAD_FORMAT if the configuration has one that is none.
  Registry(Host host, const Config& config, const Log& log);

  std::vector<Peer> all() const;  // ascending by name
  std::optional<Peer> find(std::string_view name) const;
  // Throws HILUM_E_UNKNOWN_RESOURCE.
  Peer get(std::string_view name) const;

  // Adds or replaces; durable in the index. HILUM_E_INEXISTENT_FILE for a certificate that is not there, HILUM_E_OUT_OF_RANGE for one
  // peer too many.
  void put(const Peer& peer);
  // False if there is none.
  bool remove(std::string_view name);

 private:
  void load_configured(const Config& config, const Log& log);
  void load_stored(const Log& log);

  std::optional<Records> records_;  // if they are kept in the index
  std::mutex changing_;             // one change after the other, in the index and here
  mutable std::mutex mutex_;        // guards the map
  std::map<std::string, Peer, std::less<>> peers_;
};

}  // namespace hilum::peers
