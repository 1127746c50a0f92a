// One open association as a stream of PDVs in and messages out: the wrapper around DCMTK's association.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>
#include <hilum/dicom/byte_source.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/files.h"
#include "core/dimse/command.h"
#include "core/dimse/pdu_reader.h"
#include "core/dimse/stream.h"

namespace hilum::dimse {

class TlsLayer;

enum class Receive {
  kOk,
  kTimeout,
  kReleaseRequested,  // the peer wants to end the association
  kClosed,            // aborted by the peer, or the connection is lost
  kViolation,         // the peer broke the protocol
  kStopped,           // the server stops
};
const char* receive_text(Receive result);

// Owns DCMTK's association (which owns a duplicate of the socket) and the TLS session, if there is one. DCMTK negotiates; after that messages are read here, in
// as few system calls as possible, and short responses are written in one. Belongs to the thread of the association.
class Link {
 public:
  // Takes over a connection whose complete A-ASSOCIATE-RQ lies in the kernel, so that it does not block. Null
  // if it is malformed, or DCMTK refuses it: the connection is then closed. `stop_fd` becomes readable when the
  // server stops.
  // With a TLS session (`layer` is then the network's), the request lies in the session.
  static std::optional<Link> receive(T_ASC_Network* network, TlsLayer* layer, Stream stream,
                                     uint32_t maximum_pdu_length, int stop_fd, std::string* error);
  Link(Link&& other) noexcept;
  Link& operator=(Link&&) = delete;
  ~Link();  // closes the connection

  T_ASC_Association* dcmtk() const { return association_; }
  T_ASC_Parameters* parameters() const { return association_->params; }

  // The next fragment. `timeout` is for silence before it; 0: none. `or_stop`: the end of the server ends the
  // wait, too.
  Receive next(Pdv* pdv, std::chrono::milliseconds timeout, bool or_stop);
  // Is there something to read, so that next() would not wait?
  bool is_readable();

  bool acknowledge();
  void reject(T_ASC_RejectParametersResult result, T_ASC_RejectParametersReason reason);
  void abort();
  void acknowledge_release();
  // Sends a response, with its data set if there is one (encoded in the transfer syntax of the context); false if the
  // connection is lost.
  bool send(uint8_t context, const Response& response,
            std::optional<std::string_view> data_set = std::nullopt);
  // Sends a request with its data set (null: it has none), which is read as it is sent, in large pieces. False if the connection is
  // lost, or if the data set cannot be read to its end: there is no way back then, the association must be aborted. Throws what reading
  // throws as long as nothing has been sent.
  bool send(uint8_t context, const Request& request, const dicom::ByteSource* data_set);

 private:
  Link(T_ASC_Association* association, Stream stream, int stop_fd, uint32_t maximum_pdu_length)
      : association_(association),
        stream_(std::move(stream)),
        stop_fd_(stop_fd),
        reader_(maximum_pdu_length) {}
  Receive wait(std::chrono::milliseconds timeout, bool or_stop) const;
  Receive receive_some();
  bool send_bytes(std::string_view bytes);

  T_ASC_Association* association_;
  Stream stream_;  // on the socket of the caller; the same connection as DCMTK's
  int stop_fd_;
  PduReader reader_;
};

}  // namespace hilum::dimse
