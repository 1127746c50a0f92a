#include "core/dimse/scu/incoming.h"

#include <hilum/dicom/meta_header.h>

#include <algorithm>
#include <utility>

#include "core/dimse/command_log.h"
#include "core/dimse/request_io.h"
#include "core/dimse/store_scp.h"

namespace hilum::dimse {
namespace {

constexpr size_t kMemoryPerInstance = 1 << 20;  // as ServerOptions::memory_per_instance

}  // namespace

IncomingInstances::IncomingInstances(ingest::Ingest& ingest, const Target& target, Connection& connection)
    : ingest_(ingest), target_(target), connection_(connection), address_(connection.peer_address()) {}

std::optional<ingest::Stored> IncomingInstances::store(const Command& command, uint8_t context_number) {
  const AcceptedContext* const context = connection_.find(context_number);
  if (context == nullptr || !command.has_data_set) {
    throw ConnectionError(target_.where() + ": C-STORE without a context or a data set during a C-GET");
  }
  CommandLog log(CommandRole::kScp, kStoreRequest);
  log.set_instance(command.sop_instance);
  const Modality& from = target_.modality;
  Spool spool(ingest_.spool_directory(), kMemoryPerInstance, ingest_.options().md5);
  StoreOutcome outcome;
  ingest::Stored stored;
  try {
    spool.append(
        dicom::meta_header({command.sop_class, command.sop_instance, context->transfer_syntax, from.aet}));
  } catch (const Error& error) {  // UIDs that are none: the rest must be read all the same
    outcome.status = kUnableToProcess;
    outcome.comment = error.details();
  }
  last_size_ = 0;
  connection_.receive_data_set(target_, context_number, [&](std::string_view piece) {
    last_size_ += piece.size();
    spool.append(piece);
  });
  log.add_received(last_size_);
  if (outcome.status == 0) {
    try {
      store_received(ingest_, command, {from.aet, from.local_aet, address_}, spool.finish(), &outcome,
                     &stored);
    } catch (const std::exception& error) {  // of the spool: disk
      outcome.status = kOutOfResources;
      outcome.comment = error.what();
    }
  }
  const Response response{kStoreRequest,     command.message_id,   outcome.status,
                          command.sop_class, command.sop_instance, outcome.comment};
  connection_.send(target_, context_number, encode_response(response, false));
  log.finish(outcome.status, outcome.comment);
  return outcome.status == 0 ? std::optional<ingest::Stored>(stored) : std::nullopt;
}

bool takes_all(const Connection& idle, const std::vector<Proposal>& proposals) {
  return std::all_of(proposals.begin(), proposals.end(), [&](const Proposal& needed) {
    const auto& had = idle.proposals();
    return std::any_of(had.begin(), had.end(), [&](const Proposal& proposal) {
      return proposal.abstract_syntax == needed.abstract_syntax && proposal.scp == needed.scp &&
             proposal.scu == needed.scu && proposal.transfer_syntaxes == needed.transfer_syntaxes;
    });
  });
}

}  // namespace hilum::dimse
