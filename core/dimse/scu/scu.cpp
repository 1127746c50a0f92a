#include "core/dimse/scu/scu.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <fmt/format.h>
#include <hilum/dicom/transfer_syntax.h>

#include <algorithm>
#include <utility>

#include "core/dimse/request_io.h"
#include "core/dimse/scu/call.h"
#include "core/dimse/scu/incoming.h"
#include "core/dimse/scu/proposals.h"

namespace hilum::dimse {
namespace {

const char* find_class(QueryModel model) {
  switch (model) {
    case QueryModel::kPatientRoot:
      return UID_FINDPatientRootQueryRetrieveInformationModel;
    case QueryModel::kStudyRoot:
      return UID_FINDStudyRootQueryRetrieveInformationModel;
    case QueryModel::kWorklist:
      return UID_FINDModalityWorklistInformationModel;
  }
  throw Error(HILUM_E_OUT_OF_RANGE, "unknown information model");
}

const char* retrieve_class(QueryModel model, const char* patient_root, const char* study_root) {
  switch (model) {
    case QueryModel::kPatientRoot:
      return patient_root;
    case QueryModel::kStudyRoot:
      return study_root;
    case QueryModel::kWorklist:
      break;
  }
  throw Error(HILUM_E_OUT_OF_RANGE, "this information model has no instances to retrieve");
}

std::vector<Proposal> control_proposal(const std::string& abstract_syntax) {
  return {{abstract_syntax, uncompressed_syntaxes()}};
}

// Sends C-CANCEL once nobody wants further answers; the peer must then come to an end.
class Cancellation {
 public:
  Cancellation(const Target& target, Connection& connection, uint8_t context, uint16_t message_id)
      : target_(target), connection_(connection), context_(context), message_id_(message_id) {}

  bool is_sent() const { return is_sent_; }
  void send() {
    if (std::exchange(is_sent_, true)) return;
    deadline_ = std::chrono::steady_clock::now() + kCancelPatience;
    connection_.send(target_, context_, encode_cancel(message_id_));
  }
  // To be called for each response in between.
  void check() {
    if (!target_.is_wanted()) send();
    if (is_sent_ && std::chrono::steady_clock::now() > deadline_) {
      throw ConnectionError(target_.where() + ": the peer does not heed C-CANCEL");
    }
  }

 private:
  const Target& target_;
  Connection& connection_;
  const uint8_t context_;
  const uint16_t message_id_;
  bool is_sent_ = false;
  std::chrono::steady_clock::time_point deadline_;
};

void take_progress(const Command& response, RetrieveProgress* progress) {
  progress->status = response.status;
  uint32_t* const counters[] = {&progress->remaining, &progress->completed, &progress->failed,
                                &progress->warning};
  for (size_t i = 0; i < response.sub_operations.size(); ++i) {
    if (response.sub_operations[i]) *counters[i] = *response.sub_operations[i];
  }
  if (!is_pending(response.status) && !response.sub_operations[0]) progress->remaining = 0;
}

void log_progress(CommandLog& log, const RetrieveProgress& progress) {
  log.count("completed", progress.completed);
  log.count("failed", progress.failed);
  log.count("warnings", progress.warning);
}

struct Final {
  uint16_t status = 0;
  std::string comment;
  bool is_cancelled = false;
};

}  // namespace

Scu::Scu(ScuOptions options, ingest::Ingest& ingest)
    : options_(std::move(options)),
      ingest_(ingest),
      tls_(options_.tls),
      pool_(std::make_unique<ConnectionPool>(options_.close_delay)) {}

Scu::~Scu() = default;

void Scu::close_idle() { pool_->close_all(); }
size_t Scu::idle() const { return pool_->size(); }

void Scu::echo(const Target& target) {
  Call call(target, *pool_, tls_, options_.maximum_pdu_length, kEchoRequest);
  Call::Needs needs{control_proposal(UID_VerificationSOPClass), UID_VerificationSOPClass};
  needs.may_reuse = false;  // an echo that says nothing about connecting would be of no use
  Final end;
  call.run(needs, [&](Connection& connection, const AcceptedContext& context) {
    const uint16_t id = connection.next_message_id();
    connection.send(target, context.number,
                    encode_request({kEchoRequest, id, UID_VerificationSOPClass}, false));
    const Command response = call.receive_response(connection, id);
    if (response.has_data_set) connection.receive_data_set(target, context.number, kMaximumIdentifier);
    end = {response.status, response.comment, false};
  });
  call.finish(end.status, end.comment, false);
}

void Scu::find(const Target& target, QueryModel model, std::string_view identifier, const OnMatch& on_match) {
  const std::string sop_class = find_class(model);
  Call call(target, *pool_, tls_, options_.maximum_pdu_length, kFindRequest);
  Call::Needs needs{control_proposal(sop_class), sop_class};
  needs.refused = HILUM_E_FIND_NOT_SUPPORTED;
  uint64_t answers = 0;
  Final end;
  call.run(needs, [&](Connection& connection, const AcceptedContext& context) {
    const uint16_t id = connection.next_message_id();
    const std::string data_set = to_context(identifier, context.transfer_syntax);
    connection.send(target, context.number, encode_request({kFindRequest, id, sop_class}, true), data_set);
    Cancellation cancellation(target, connection, context.number, id);
    for (;;) {
      const Command response = call.receive_response(connection, id);
      std::string match;
      if (response.has_data_set) {
        match = connection.receive_data_set(target, context.number, kMaximumIdentifier);
        call.log().add_received(match.size());
      }
      if (!is_pending(response.status)) {
        end = {response.status, response.comment, cancellation.is_sent()};
        return;
      }
      cancellation.check();
      if (!response.has_data_set || cancellation.is_sent()) continue;
      call.log().count("answers", ++answers);
      try {
        match = from_context(std::move(match), context.transfer_syntax);
      } catch (const Error& error) {
        throw ConnectionError(target.where() + ": an answer to C-FIND is malformed: " + error.details());
      }
      if (!on_match(match)) cancellation.send();
    }
  });
  call.finish(end.status, end.comment, end.is_cancelled);
}

void Scu::move(const Target& target, QueryModel model, std::string_view identifier,
               const std::string& move_aet, const OnProgress& on_progress, RetrieveProgress* progress) {
  const std::string sop_class = retrieve_class(model, UID_MOVEPatientRootQueryRetrieveInformationModel,
                                               UID_MOVEStudyRootQueryRetrieveInformationModel);
  Call call(target, *pool_, tls_, options_.maximum_pdu_length, kMoveRequest);
  Call::Needs needs{control_proposal(sop_class), sop_class};
  needs.refused = HILUM_E_MOVE_NOT_SUPPORTED;
  Final end;
  call.run(needs, [&](Connection& connection, const AcceptedContext& context) {
    const uint16_t id = connection.next_message_id();
    Request request{kMoveRequest, id, sop_class};
    request.move_destination = move_aet;
    const std::string data_set = to_context(identifier, context.transfer_syntax);
    connection.send(target, context.number, encode_request(request, true), data_set);
    Cancellation cancellation(target, connection, context.number, id);
    for (;;) {
      const Command response = call.receive_response(connection, id);
      if (response.has_data_set) connection.receive_data_set(target, context.number, kMaximumIdentifier);
      take_progress(response, progress);
      if (!is_pending(response.status)) {
        end = {response.status, response.comment, cancellation.is_sent()};
        return;
      }
      cancellation.check();
      if (!cancellation.is_sent() && on_progress && !on_progress(*progress)) cancellation.send();
    }
  });
  log_progress(call.log(), *progress);
  call.finish(end.status, end.comment, end.is_cancelled);
}

// What is wanted, as far as the server takes it; an association has no room for more than its contexts.
std::vector<std::string> Scu::retrievable_classes(const std::vector<std::string>& wanted) const {
  std::vector<std::string> candidates = wanted;
  if (candidates.empty()) {  // DCMTK's choice of the usual ones, made for associations with 128 contexts
    for (int i = 0; i < numberOfDcmShortSCUStorageSOPClassUIDs; ++i) {
      candidates.emplace_back(dcmShortSCUStorageSOPClassUIDs[i]);
    }
  }
  if (!options_.accepted_sop_classes) return candidates;
  const std::vector<std::string> accepted = options_.accepted_sop_classes();
  std::vector<std::string> classes;
  for (std::string& uid : candidates) {
    if (std::binary_search(accepted.begin(), accepted.end(), uid)) classes.push_back(std::move(uid));
  }
  return classes;
}

std::vector<std::string> Scu::retrievable_syntaxes() const {
  if (!options_.get_proposes_accepted || !options_.accepted_transfer_syntaxes) return {};
  // By how often archives hold them; the peers' choice among the contexts is by the syntax that it has.
  static constexpr const char* kUsual[] = {UID_JPEGProcess14SV1TransferSyntax,
                                           UID_JPEG2000LosslessOnlyTransferSyntax,
                                           UID_JPEGProcess1TransferSyntax,
                                           UID_JPEG2000TransferSyntax,
                                           UID_JPEGLSLosslessTransferSyntax,
                                           UID_RLELosslessTransferSyntax,
                                           UID_JPEGProcess2_4TransferSyntax,
                                           UID_JPEGLSLossyTransferSyntax,
                                           UID_JPEGProcess14TransferSyntax,
                                           UID_MPEG4HighProfileLevel4_1TransferSyntax,
                                           UID_MPEG2MainProfileAtMainLevelTransferSyntax,
                                           UID_DeflatedExplicitVRLittleEndianTransferSyntax};
  const std::vector<std::string> accepted = options_.accepted_transfer_syntaxes();
  std::vector<std::string> syntaxes;
  for (const char* const uid : kUsual) {
    if (std::find(accepted.begin(), accepted.end(), uid) != accepted.end()) syntaxes.emplace_back(uid);
  }
  return syntaxes;
}

void Scu::get(const Target& target, QueryModel model, std::string_view identifier,
              const std::vector<std::string>& sop_classes, const OnReceived& on_received,
              const OnProgress& on_progress, RetrieveProgress* progress) {
  const std::string sop_class = retrieve_class(model, UID_GETPatientRootQueryRetrieveInformationModel,
                                               UID_GETStudyRootQueryRetrieveInformationModel);
  const std::vector<std::string> classes = retrievable_classes(sop_classes);
  if (classes.empty()) {
    throw Error(HILUM_E_NO_PRESENTATION_CONTEXT,
                "none of the SOP classes to retrieve is accepted for storage here");
  }
  Call call(target, *pool_, tls_, options_.maximum_pdu_length, kGetRequest);
  Call::Needs needs{retrieve_proposals(sop_class, classes, retrievable_syntaxes(),
                                       target.modality.manufacturer == "SiemensSyngoCT"),
                    sop_class};
  needs.fits = [&](const Connection& idle) { return takes_all(idle, needs.proposals); };
  Final end;
  call.run(needs, [&](Connection& connection, const AcceptedContext& context) {
    const uint16_t id = connection.next_message_id();
    const std::string data_set = to_context(identifier, context.transfer_syntax);
    connection.send(target, context.number, encode_request({kGetRequest, id, sop_class}, true), data_set);
    Cancellation cancellation(target, connection, context.number, id);
    IncomingInstances incoming(ingest_, target, connection);
    for (;;) {
      const Connection::Received received = connection.receive(target);
      const Command& command = received.command;
      if (command.field == kStoreRequest) {
        const auto stored = incoming.store(command, received.context);
        call.log().add_received(incoming.last_size());
        cancellation.check();
        if (stored && on_received && !cancellation.is_sent() && !on_received(*stored)) cancellation.send();
        continue;
      }
      if (command.field != (kGetRequest | 0x8000) || command.responded_message_id != id) {
        throw ConnectionError(target.where() + ": " + command_name(command.field) + " during a C-GET");
      }
      if (command.has_data_set) connection.receive_data_set(target, received.context, kMaximumIdentifier);
      take_progress(command, progress);
      if (!is_pending(command.status)) {
        end = {command.status, command.comment, cancellation.is_sent()};
        return;
      }
      cancellation.check();
      if (!cancellation.is_sent() && on_progress && !on_progress(*progress)) cancellation.send();
    }
  });
  log_progress(call.log(), *progress);
  call.finish(end.status, end.comment, end.is_cancelled);
}

void Scu::normalized(const Target& target, uint16_t field, const NormalizedRequest& request) {
  const std::string sop_class(request.sop_class);
  Call call(target, *pool_, tls_, options_.maximum_pdu_length, field);
  Call::Needs needs{control_proposal(sop_class), sop_class};
  needs.may_reuse = false;
  if (field == kEventReportRequest) {
    needs.proposals[0].scu = false;
    needs.proposals[0].scp = true;
  }
  Final end;
  call.run(needs, [&](Connection& connection, const AcceptedContext& context) {
    const uint16_t id = connection.next_message_id();
    const bool has_data = !request.information.empty();
    std::string data_set;
    if (has_data) data_set = to_context(request.information, context.transfer_syntax);
    Request command{field, id, request.sop_class, request.sop_instance};
    command.type = request.type;
    connection.send(target, context.number, encode_request(command, has_data),
                    has_data ? std::optional<std::string_view>(data_set) : std::nullopt);
    call.log().add_sent(data_set.size());
    const Command response = call.receive_response(connection, id);
    if (response.has_data_set) connection.receive_data_set(target, context.number, kMaximumIdentifier);
    end = {response.status, response.comment, false};
  });
  call.finish(end.status, end.comment, false);
}

void Scu::action(const Target& target, const NormalizedRequest& request) {
  normalized(target, kActionRequest, request);
}

void Scu::event_report(const Target& target, const NormalizedRequest& request) {
  normalized(target, kEventReportRequest, request);
}

}  // namespace hilum::dimse
