// Sends stored instances to a peer, one after the other.
#pragma once

#include <hilum/http_client/client.h>

#include <cstdint>
#include <functional>
#include <string>

#include "peer.h"
#include "tools.h"

namespace hilum::peers {

// How instances are sent.
struct SendOptions {
  bool compress = false;  // gzip
  std::string transcode;  // transfer syntax; empty: as they are. What cannot be transcoded goes as it is
  int lossy_quality = 90;
};

// Why an instance has not arrived.
class SendError : public Error {
 public:
  enum class Kind {
    kInstance,   // this one: it is gone here, or refused there
    kPeer,       // each would fare the same: bad credentials, no such server
    kTransient,  // the connection, or a peer that is busy: it may work in a while
    kCancelled
  };
  SendError(Kind kind, int32_t code, std::string details) : Error(code, std::move(details)), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// One connection. One thread at a time.
class Sender {
 public:
  Sender(const Tools& tools, Peer peer, SendOptions options);

  // Returns the size of what was sent. `is_cancelled` is asked now and then. Throws SendError.
  uint64_t send(const std::string& id, const std::function<bool()>& is_cancelled);

 private:
  using IsCancelled = std::function<bool()>;
  uint64_t send_stored(const std::string& id, const IsCancelled& is_cancelled);
  uint64_t send_body(const http_client::Body& body, const IsCancelled& is_cancelled);

  const Tools& tools_;
  const Peer peer_;
  const SendOptions options_;
  http_client::Client client_;
};

// POST /instances of the peer; throws SendError unless it answers 2xx.
http_client::Response post_instance(http_client::Client& client, const Peer& peer,
                                    const http_client::Body& body, bool is_compressed,
                                    std::function<bool()> is_cancelled);

}  // namespace hilum::peers
