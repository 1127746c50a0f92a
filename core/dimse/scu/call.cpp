#include "core/dimse/scu/call.h"

#include <fmt/format.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/structure.h>
#include <hilum/dicom/transfer_syntax.h>

#include <algorithm>
#include <utility>

#include "core/dimse/request_io.h"

namespace hilum::dimse {
namespace {

constexpr uint16_t kResponseBit = 0x8000;

const AcceptedContext* context_of(const Connection& connection, const std::string& abstract_syntax,
                                  uint16_t field) {
  if (field != kEventReportRequest) return connection.find(abstract_syntax);
  // Not every peer answers the role selection: what it takes on this association is ours to send all the same.
  for (const AcceptedContext& context : connection.accepted()) {
    if (context.abstract_syntax == abstract_syntax) return &context;
  }
  return nullptr;
}

}  // namespace

Call::Call(const Target& target, ConnectionPool& pool, const ClientTls& tls, uint32_t maximum_pdu_length,
           uint16_t field)
    : target_(target),
      pool_(pool),
      tls_(tls),
      maximum_pdu_length_(maximum_pdu_length),
      field_(field),
      log_(CommandRole::kScu, field) {
  log_.set_peer(target.modality.aet, target.modality.host, target.modality.port);
}

std::unique_ptr<Connection> Call::open(const Needs& needs) {
  pool_.make_room(target_);
  std::unique_ptr<Connection> connection =
      Connection::open(target_, tls_, maximum_pdu_length_, needs.proposals);
  if (context_of(*connection, needs.abstract_syntax, field_) == nullptr) {
    connection->release();
    throw Error(needs.refused, fmt::format("{}: the peer does not accept {} for {}", target_.where(),
                                           needs.abstract_syntax, command_name(field_)));
  }
  return connection;
}

void Call::run(const Needs& needs, const std::function<void(Connection&, const AcceptedContext&)>& talk) {
  try {
    std::unique_ptr<Connection> connection;
    if (needs.may_reuse) {
      connection = pool_.take(target_, [&](const Connection& idle) {
        return context_of(idle, needs.abstract_syntax, field_) != nullptr &&
               (!needs.fits || needs.fits(idle));
      });
    }
    bool is_reused = connection != nullptr;
    if (!is_reused) connection = open(needs);
    for (;;) {
      connection->expect_answer();
      const auto begun = std::chrono::steady_clock::now();
      try {
        talk(*connection, *context_of(*connection, needs.abstract_syntax, field_));
        break;
      } catch (const ConnectionError&) {
        // A peer that is slow has the request; only one that has hung up meanwhile does not.
        const bool is_late =
            target_.timeout.count() > 0 && std::chrono::steady_clock::now() - begun >= target_.timeout;
        if (!is_reused || connection->has_answered() || is_late) throw;
      }
      is_reused = false;
      connection.reset();  // first, for peers that serve one association at a time
      connection = open(needs);
    }
    if (needs.may_reuse) {
      pool_.give_back(target_, std::move(connection));
    } else {
      connection->release();
    }
  } catch (const Error& error) {
    log_.lost(error.details());
    throw;
  }
}

Command Call::receive_response(Connection& connection, uint16_t message_id) {
  Connection::Received received = connection.receive(target_);
  if (received.command.field != (field_ | kResponseBit) ||
      received.command.responded_message_id != message_id) {
    throw ConnectionError(fmt::format("{}: {} instead of the response to {}", target_.where(),
                                      command_name(received.command.field), command_name(field_)));
  }
  return std::move(received.command);
}

void Call::finish(uint16_t status, const std::string& comment, bool is_cancelled) {
  log_.finish(status);  // the peer's comment may tell of whom
  if (is_cancelled) {
    throw Error(HILUM_E_CANCELED_JOB,
                fmt::format("{}: {} was cancelled", target_.where(), command_name(field_)));
  }
  if (status == 0) return;
  std::string details =
      fmt::format("{}: {} failed, DIMSE status 0x{:04x}", target_.where(), command_name(field_), status);
  if (!comment.empty()) details += " (" + comment + ")";
  const StatusFacts facts = status_facts(HILUM_E_NETWORK);
  constexpr int kUnprocessable = 422;
  throw DimseError(Error(HILUM_E_NETWORK, status == kUnableToProcess ? kUnprocessable : facts.http_status,
                         facts.message, std::move(details)),
                   status);
}

std::string to_context(std::string_view data_set, const std::string& transfer_syntax) {
  const dicom::ByteSource source(data_set.data(), data_set.size());
  if (transfer_syntax == dicom::kExplicitLittleEndian) {
    dicom::scan_data_set(source, *dicom::find_transfer_syntax(transfer_syntax));
    return std::string(data_set);
  }
  const dicom::ParsedInstance parsed =
      dicom::parse_data_set(source, std::string(dicom::kExplicitLittleEndian), {true});
  return encode_data_set(parsed.data_set(), transfer_syntax);
}

std::string from_context(std::string bytes, const std::string& transfer_syntax) {
  const dicom::ByteSource source(bytes.data(), bytes.size());
  if (transfer_syntax == dicom::kExplicitLittleEndian) {
    dicom::scan_data_set(source, *dicom::find_transfer_syntax(transfer_syntax));
    return bytes;
  }
  const dicom::ParsedInstance parsed = dicom::parse_data_set(source, transfer_syntax, {true});
  return encode_data_set(parsed.data_set(), std::string(dicom::kExplicitLittleEndian));
}

bool is_pending(uint16_t status) { return status == 0xff00 || status == 0xff01; }

}  // namespace hilum::dimse
