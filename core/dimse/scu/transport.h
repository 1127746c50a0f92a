// A connected byte stream to another system.
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/files.h"
#include "core/dimse/scu/target.h"
#include "core/dimse/stream.h"

namespace hilum::dimse {

// Owns its socket, and the TLS session on it if there is one. One thread. Waiting ends with ConnectionError after the target's
// time limit, and with HILUM_E_CANCELED_JOB when nobody wants the call any more; then the transport is of no more use.
class Transport {
 public:
  Transport(UniqueFd socket, std::unique_ptr<TlsSession> tls)
      : socket_(std::move(socket)), stream_(socket_.get(), std::move(tls)) {}
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // At least one byte, unless the peer has closed: 0.
  size_t receive(const Target& target, void* to, size_t size);
  // All of it; throws ConnectionError if the peer does not take it. Changes `parts`.
  void send(const Target& target, std::vector<iovec> parts);
  void send(const Target& target, std::string_view bytes);
  // The same without waiting long, for the last words of an association: false if it cannot be said.
  bool say(std::string_view bytes);
  // Has the peer said anything, or closed?
  bool is_readable() { return stream_.is_readable(); }
  bool wait_readable(std::chrono::milliseconds patience);
  std::string peer_address() const;  // numeric

 private:
  size_t send_plain(const Target& target, iovec* parts, size_t count);
  size_t send_over_tls(const Target& target, const iovec& part);

  UniqueFd socket_;
  Stream stream_;
};

// Waits until poll() finds `events` on the socket. Throws as Transport does. `what` is for the message: "no answer".
void wait_for(const Target& target, int socket, short events, const char* what);

// Connects to a target: all addresses of its host, one after the other; TLS if the modality says so. Throws ConnectionError,
// HILUM_E_CANCELED_JOB, and what ClientTls throws.
std::unique_ptr<Transport> connect_to(const Target& target, const ClientTls& tls);

}  // namespace hilum::dimse
