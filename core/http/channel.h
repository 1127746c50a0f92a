// A connected socket, plain or under TLS, that never blocks.
#pragma once

#include <openssl/ssl.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/http/server.h"

namespace hilum::http {

// The server's side of TLS: certificate, protocol versions, ciphers, trusted clients. Immutable; safe from
// every thread.
class TlsContext {
 public:
  // Throws HILUM_E_OUT_OF_RANGE that names the option and the file that OpenSSL refuses.
  explicit TlsContext(const TlsOptions& options);
  SSL_CTX* get() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
};

enum class IoResult { kDone, kAgain, kEnd, kError };

// Does not own the socket. Used by the I/O thread of its connection.
class Channel {
 public:
  // `tls` nullptr: plain.
  Channel(int fd, const TlsContext* tls);

  bool secure() const { return ssl_ != nullptr; }
  // kDone: `n` bytes were moved (at least one); kAgain: wait for the next event.
  IoResult receive(char* buffer, size_t size, size_t& n);
  IoResult send(const iovec* pieces, size_t count, size_t& n, bool more);
  IoResult send_file(int fd, uint64_t offset, uint64_t size, size_t& n);
  // No more output.
  void shut_down();
  // Is the peer still to take in what was sent?
  bool delivering() const;
  // Has the peer reset the connection?
  bool failed() const;

 private:
  IoResult tls_result(int result) const;

  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  int fd_;
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace hilum::http
