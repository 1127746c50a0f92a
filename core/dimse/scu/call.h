// What the operations of the Scu have in common: one request over an association, its responses, and how failures are told.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dimse/command_log.h"
#include "core/dimse/scu/pool.h"
#include "core/dimse/scu/target.h"

namespace hilum::dimse {

inline constexpr std::chrono::milliseconds kCancelPatience{30000};

// One call: its association and its log line. On the stack of the caller.
class Call {
 public:
  Call(const Target& target, ConnectionPool& pool, const ClientTls& tls, uint32_t maximum_pdu_length,
       uint16_t field);

  // An association that has a context of `abstract_syntax` in which we are the SCU (the SCP for events): an idle one if `may_reuse`
  // and it `fits`, else a new one. Then `talk`, which is repeated once over a new association if a reused one turns out to be lost
  // before any answer. Afterwards the association is given back. Throws Error(`refused`) if the peer refuses the context.
  struct Needs {
    std::vector<Proposal> proposals;
    std::string abstract_syntax;
    bool may_reuse = true;
    int32_t refused = HILUM_E_NO_PRESENTATION_CONTEXT;
    std::function<bool(const Connection&)> fits{};  // beyond having that context
  };
  void run(const Needs& needs, const std::function<void(Connection&, const AcceptedContext&)>& talk);

  // The next response to the request; anything else breaks the protocol. Throws ConnectionError.
  Command receive_response(Connection& connection, uint16_t message_id);

  // Ends the log line; throws DimseError unless `status` is 0 (HTTP status 422 for 0xC000), HILUM_E_CANCELED_JOB if `is_cancelled`.
  void finish(uint16_t status, const std::string& comment, bool is_cancelled);

  CommandLog& log() { return log_; }
  const Target& target() const { return target_; }

 private:
  std::unique_ptr<Connection> open(const Needs& needs);

  const Target& target_;
  ConnectionPool& pool_;
  const ClientTls& tls_;
  const uint32_t maximum_pdu_length_;
  const uint16_t field_;
  CommandLog log_;
};

// A data set (explicit VR little endian) in the transfer syntax of a context, and back. Errors: HILUM_E_BAD_FORMAT.
std::string to_context(std::string_view data_set, const std::string& transfer_syntax);
std::string from_context(std::string bytes, const std::string& transfer_syntax);

// A response of C-FIND, C-MOVE or C-GET that is not the last one.
bool is_pending(uint16_t status);

}  // namespace hilum::dimse
