#include "core/dimse/tls_layer.h"

#include <dcmtk/dcmnet/dcmtrans.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace hilum::dimse {
namespace {

constexpr int kSilence = 30000;  // ms, within what DCMTK reads or writes as one piece

// Owns DCMTK's handle of the socket, not the session.
class TlsConnection : public DcmTransportConnection {
 public:
  TlsConnection(DcmNativeSocketType socket, TlsSession& session)
      : DcmTransportConnection(socket), session_(session) {}
  ~TlsConnection() override { close_socket(); }

  OFCondition serverSideHandshake() override { return EC_Normal; }
  OFCondition clientSideHandshake() override { return EC_Normal; }
  OFCondition renegotiate(const char*) override { return EC_IllegalCall; }

  ssize_t read(void* to, size_t size) override {
    for (;;) {
      const ssize_t count = session_.receive(to, size);
      if (count >= 0 || !wait(POLLIN, kSilence)) {
        return std::max<ssize_t>(count, 0);
      }
    }
  }
  ssize_t write(void* from, size_t size) override {
    for (;;) {
      const ssize_t count = session_.send({static_cast<const char*>(from), size});
      if (count > 0) {
        return count;
      }
      if (count == 0 || !wait(POLLOUT, kSilence)) {
        return -1;
      }
    }
  }
  OFBool networkDataAvailable(int seconds) override {
    return session_.is_readable() ||
           (wait(POLLIN, std::min(seconds, kSilence / 1000) * 1000) && session_.is_readable());
  }

  void close() override { close_socket(); }
  void closeTransportConnection() override { close_socket(); }
  OFBool isTransparentConnection() override { return OFFalse; }
  unsigned long getPeerCertificateLength() override { return 0; }
  unsigned long getPeerCertificate(void*, unsigned long) override { return 0; }
  OFString& dumpConnectionParameters(OFString& text) override { return text = "TLS"; }

 private:
  bool wait(short what, int milliseconds) {
    pollfd fd{getSocket(), what, 0};
    return poll(&fd, 1, milliseconds) > 0;
  }
  void close_socket() {
    if (getSocket() != DCMNET_INVALID_SOCKET) {
      ::close(getSocket());
      setSocket(DCMNET_INVALID_SOCKET);
    }
  }

  TlsSession& session_;
};

}  // namespace

DcmTransportConnection* TlsLayer::createConnection(DcmNativeSocketType socket, OFBool is_secure) {
  if (!is_secure || next_ == nullptr) {
    return nullptr;  // never in the clear: DCMTK gives up
  }
  return new TlsConnection(socket, *std::exchange(next_, nullptr));
}

}  // namespace hilum::dimse
