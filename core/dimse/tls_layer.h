// Lets DCMTK negotiate over our TLS: its interface to transport connections, on a TlsSession.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dcmlayer.h>

#include "core/dimse/stream.h"

namespace hilum::dimse {

// Belongs to one network of DCMTK. The handshake is over when DCMTK hears of a connection.
class TlsLayer : public DcmTransportLayer {
 public:
  // The session of the connection that DCMTK is made to take over next; it must outlive the association. Under the mutex of
  // the handover.
  void set_next(TlsSession* session) { next_ = session; }

  DcmTransportConnection* createConnection(DcmNativeSocketType socket, OFBool is_secure) override;

 private:
  TlsSession* next_ = nullptr;
};

}  // namespace hilum::dimse
