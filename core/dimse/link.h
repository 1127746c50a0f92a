// One open association as a stream of PDVs in and messages out: the wrapper around DCMTK's association.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/files.h"
#include "core/dimse/command.h"
#include "core/dimse/pdu_reader.h"

namespace hilum::dimse {

enum class Receive {
  kOk,
  kTimeout,
  kReleaseRequested,  // the peer wants to end the association
  kClosed,            // aborted by the peer, or the connection is lost
  kViolation,         // the peer broke the protocol
  kStopped,           // the server stops
};
const char* receive_text(Receive result);

// Owns DCMTK's association (which owns a duplicate of the socket). DCMTK negotiates; after that messages are read here, in
// as few system calls as possible, and short responses are written in one. Belongs to the thread of the association.
class Link {
 public:
  // Takes over a connection whose complete A-ASSOCIATE-RQ lies in the kernel, so that it does not block. Null
  // if DCMTK refuses it (malformed): the connection is then closed. `stop_fd` becomes readable when the
  // server stops.
  static std::optional<Link> receive(T_ASC_Network* network, const UniqueFd& socket,
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

 private:
  Link(T_ASC_Association* association, int socket, int stop_fd, uint32_t maximum_pdu_length)
      : association_(association), socket_(socket), stop_fd_(stop_fd), reader_(maximum_pdu_length) {}
  Receive wait(std::chrono::milliseconds timeout, bool or_stop) const;
  Receive receive_some();
  bool send_bytes(std::string_view bytes);

  T_ASC_Association* association_;
  int socket_;  // of the caller; the same connection as DCMTK's
  int stop_fd_;
  PduReader reader_;
};

}  // namespace hilum::dimse
