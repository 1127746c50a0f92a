// One association that we have requested, as messages out and in.
#pragma once

#include <hilum/dicom/byte_source.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dimse/command.h"
#include "core/dimse/pdu_reader.h"
#include "core/dimse/scu/association_pdus.h"
#include "core/dimse/scu/transport.h"

namespace hilum::dimse {

// One thread at a time. Each function that talks gets the target of the call, whose time limit and wishes hold for it. What they
// throw (ConnectionError for everything that the peer or the network does, HILUM_E_CANCELED_JOB, errors of a source) leaves a
// connection that can only be dropped.
class Connection {
 public:
  // Connects and negotiates. Throws ConnectionError (also for a rejection), HILUM_E_CANCELED_JOB.
  static std::unique_ptr<Connection> open(const Target& target, const ClientTls& tls,
                                          uint32_t maximum_pdu_length, std::vector<Proposal> proposals);
  ~Connection();  // aborts the association unless it was released
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const std::vector<AcceptedContext>& accepted() const { return answer_.accepted; }
  const std::vector<Proposal>& proposals() const { return proposals_; }
  // The first context of a class in which we are the SCU; null if there is none.
  const AcceptedContext* find(std::string_view abstract_syntax) const;
  const AcceptedContext* find(std::string_view abstract_syntax, std::string_view transfer_syntax) const;
  const AcceptedContext* find(uint8_t number) const;

  uint16_t next_message_id();

  // A message: the command set, and the data set if there is one.
  void send(const Target& target, uint8_t context, std::string_view command,
            std::optional<std::string_view> data_set = std::nullopt);
  // The same with a data set that is read as it is sent.
  void send(const Target& target, uint8_t context, std::string_view command,
            const dicom::ByteSource& data_set);

  struct Received {
    Command command;
    uint8_t context = 0;
  };
  // The next command; its data set, if there is one, must be received next.
  Received receive(const Target& target);
  void receive_data_set(const Target& target, uint8_t context,
                        const std::function<void(std::string_view)>& append);
  // The same as bytes; ConnectionError if they are more than `limit`.
  std::string receive_data_set(const Target& target, uint8_t context, size_t limit);

  // Has anything come from the peer since expect_answer()? If not, a request has perhaps got lost with an association that the
  // peer had ended before.
  void expect_answer() { has_answered_ = false; }
  bool has_answered() const { return has_answered_; }
  // Nothing has been said and nobody has hung up: for associations that were idle.
  bool is_silent() { return !transport_->is_readable() && !reader_.is_inside(); }

  // Ends the association in order; waits as long for the confirmation.
  void release(std::chrono::milliseconds patience = std::chrono::milliseconds(1000)) noexcept;

  std::string peer_address() const { return transport_->peer_address(); }

 private:
  Connection(std::unique_ptr<Transport> transport, uint32_t maximum_pdu_length,
             std::vector<Proposal> proposals);
  void negotiate(const Target& target, uint32_t maximum_pdu_length);
  Pdv next(const Target& target);
  void check_progress(const Target& target, const Pdv& pdv);
  size_t read_some(const Target& target);

  std::unique_ptr<Transport> transport_;
  PduReader reader_;
  std::vector<Proposal> proposals_;
  AssociationAnswer answer_;
  size_t fragment_size_ = 0;  // bytes of message in one PDU
  std::unique_ptr<char[]> chunk_;
  uint16_t last_message_id_ = 0;
  size_t empty_fragments_ = 0;
  uint64_t fragments_ = 0;
  std::chrono::steady_clock::time_point message_since_;  // when it was begun to wait for the present message
  bool has_answered_ = false;
  bool is_over_ = true;  // nothing is to be said to the peer any more
};

}  // namespace hilum::dimse
