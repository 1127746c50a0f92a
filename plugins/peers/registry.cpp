#include "registry.h"

#include <hilum/rest/json_body.h>
#include <hilum/rest/styled_json.h>

namespace hilum::peers {

namespace {

constexpr size_t kMostPeers = 10000;
constexpr const char* kKey = "peer/";

}  // namespace

Registry::Registry(Host host, const Config& config, const Log& log) {
  if (config.boolean("OrthancPeersInDatabase")) {
    records_.emplace(host, "peers");
    load_stored(log);
  } else {
    load_configured(config, log);
  }
}

void Registry::load_configured(const Config& config, const Log& log) {
  const std::optional<Json::Value> section = rest::parse_json(config.json("OrthancPeers").value_or("{}"));
  if (!section || !section->isObject())
    throw Error(HILUM_E_BAD_FORMAT, "option \"OrthancPeers\" must be an object");
  for (const std::string& name : section->getMemberNames()) {
    try {
      Peer peer = parse_peer(name, (*section)[name]);
      try {
        check_files(peer);
      } catch (const Error& error) {  // may come later; until then requests say so
        log.warning("peer " + name + ": " + error.details());
      }
      peers_.emplace(name, std::move(peer));
    } catch (const Error& error) {
      throw Error(HILUM_E_BAD_FORMAT, "option \"OrthancPeers\", \"" + name + "\": " + error.details());
    }
  }
}

void Registry::load_stored(const Log& log) {
  const std::string prefix = kKey;
  records_->scan(prefix, [&](std::string_view key, std::string_view value) {
    const std::string name(key.substr(prefix.size()));
    try {
      const std::optional<Json::Value> definition = rest::parse_json(value);
      if (!definition) throw Error(HILUM_E_BAD_FORMAT, "not JSON");
      peers_.emplace(name, parse_peer(name, *definition));
    } catch (const Error& error) {
      log.warning("peer " + name + " of the index cannot be read: " + error.details());
    }
  });
}

std::vector<Peer> Registry::all() const {
  std::vector<Peer> list;
  const std::lock_guard lock(mutex_);
  for (const auto& entry : peers_) list.push_back(entry.second);
  return list;
}

std::optional<Peer> Registry::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(name);
  if (found == peers_.end()) return std::nullopt;
  return found->second;
}

Peer Registry::get(std::string_view name) const {
  if (std::optional<Peer> peer = find(name)) return std::move(*peer);
  throw Error(HILUM_E_UNKNOWN_RESOURCE, "No peer with symbolic name: " + std::string(name.substr(0, 64)));
}

void Registry::put(const Peer& peer) {
  check_files(peer);
  const std::lock_guard changing(changing_);
  {
    const std::lock_guard lock(mutex_);
    if (peers_.size() >= kMostPeers && peers_.count(peer.name) == 0) {
      throw Error(HILUM_E_OUT_OF_RANGE, "there are " + std::to_string(kMostPeers) + " peers already");
    }
  }
  if (records_) records_->put(kKey + peer.name, rest::compact(stored_form(peer)));
  const std::lock_guard lock(mutex_);
  peers_.insert_or_assign(peer.name, peer);
}

bool Registry::remove(std::string_view name) {
  const std::lock_guard changing(changing_);
  if (!find(name)) return false;
  if (records_) records_->erase(kKey + std::string(name));
  const std::lock_guard lock(mutex_);
  peers_.erase(peers_.find(name));
  return true;
}

}  // namespace hilum::peers
