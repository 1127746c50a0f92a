#include "core/dimse/association.h"

#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmnet/dcuserid.h>
#include <dcmtk/dcmnet/dul.h>
#include <dcmtk/dcmnet/lst.h>
#include <fmt/format.h>
#include <hilum/dicom/meta_header.h>
#include <hilum/dicom/normalize.h>

#include <optional>
#include <vector>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/dimse/command_log.h"
#include "core/dimse/scu/scu.h"

namespace hilum::dimse {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

struct Context {
  Service service = Service::kNone;
  std::string abstract_syntax;
  std::string transfer_syntax;
};

class Association {
 public:
  Association(const Shared& shared, Link& link, const std::string& address) : shared_(shared), link_(link) {
    peer_.address = address;
  }

  void run();

 private:
  void read_titles();
  bool is_welcome();
  void negotiate();
  void decide(const NegotiationRules& rules, DUL_PRESENTATIONCONTEXT& proposed);
  Receive receive_command(Pdv* first, std::string* bytes);
  bool next_command();
  bool serve(const Command& command, uint8_t context);
  bool serve_echo(const Command& command, uint8_t context);
  bool serve_store(const Command& command, uint8_t context);
  bool serve_find(const Command& command, uint8_t context);
  bool serve_move(const Command& command, uint8_t context);
  bool serve_get(const Command& command, uint8_t context);
  bool serve_commitment(const Command& command, uint8_t context);
  bool finish_retrieve(CommandLog& log, const RetrieveOutcome& outcome);
  bool ignore(const Command& command, uint8_t context, std::string_view why);
  bool end(Receive why);
  // Silence within a message.
  std::chrono::milliseconds message_timeout() const {
    return shared_.options.scp_timeout.count() > 0 ? shared_.options.scp_timeout : std::chrono::minutes(1);
  }

  const Shared& shared_;
  Link& link_;
  Peer peer_;
  std::array<Context, 256> contexts_;
  uint64_t stored_ = 0, bytes_ = 0, finds_ = 0, retrieves_ = 0, echoes_ = 0, failed_ = 0;
  const char* ended_ = "";
};

void Association::read_titles() {
  char calling[DUL_LEN_TITLE + 1] = {};
  char called[DUL_LEN_TITLE + 1] = {};
  char responding[DUL_LEN_TITLE + 1] = {};
  ASC_getAPTitles(link_.parameters(), calling, sizeof calling, called, sizeof called, responding,
                  sizeof responding);
  peer_.calling_aet = dicom::strip_spaces(calling);
  peer_.called_aet = dicom::strip_spaces(called);
}

// The checks of section 9.3.4 of PS3.8, in this order; a rejection is sent here.
bool Association::is_welcome() {
  char application_context[DUL_LEN_NAME + 1] = {};
  ASC_getApplicationContextName(link_.parameters(), application_context, sizeof application_context);
  const ServerOptions& options = shared_.options;
  const char* why = nullptr;
  T_ASC_RejectParametersReason reason = ASC_REASON_SU_NOREASON;
  if (std::string_view(application_context) != UID_StandardApplicationContext) {
    why = "application context";
    reason = ASC_REASON_SU_APPCONTEXTNAMENOTSUPPORTED;
  } else if (options.check_called_aet && !same_aet(peer_.called_aet, options.aet, options.strict_aet)) {
    why = "called AE title";
    reason = ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED;
  } else if (!may_associate(options, *shared_.modalities(), peer_)) {
    why = "calling AE title";
    reason = ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED;
  }
  if (why == nullptr) {
    return true;
  }
  link_.reject(ASC_RESULT_REJECTEDPERMANENT, reason);
  shared_.rejected.fetch_add(1, std::memory_order_relaxed);
  log_warning(LogCategory::kDicom, "association rejected: {} (called \"{}\")", why, peer_.called_aet);
  return false;
}

void Association::negotiate() {
  const std::shared_ptr<const NegotiationRules> rules = shared_.rules();
  LST_HEAD* list = link_.parameters()->DULparams.requestedPresentationContext;
  if (list != nullptr) {
    auto* proposed = reinterpret_cast<DUL_PRESENTATIONCONTEXT*>(LST_Head(&list));
    LST_Position(&list, reinterpret_cast<LST_NODE*>(proposed));
    while (proposed != nullptr) {
      decide(*rules, *proposed);
      proposed = reinterpret_cast<DUL_PRESENTATIONCONTEXT*>(LST_Next(&list));
    }
  }
  // A user identity is taken silently; a peer that wants a confirmation would abort without one.
  UserIdentityNegotiationSubItemRQ* identity = nullptr;
  ASC_getUserIdentRQ(link_.parameters(), &identity);
  if (identity != nullptr && identity->isPosResponseRequested()) {
    // ASC_setIdentAC() is declared but not exported. The parameters own the item.
    auto* confirmation = new UserIdentityNegotiationSubItemAC;
    confirmation->setServerResponse("", 0);
    link_.parameters()->DULparams.ackUserIdentNeg = confirmation;
  }
}

void Association::decide(const NegotiationRules& rules, DUL_PRESENTATIONCONTEXT& proposed) {
  std::vector<std::string> syntaxes;
  LST_HEAD* list = proposed.proposedTransferSyntax;
  if (list != nullptr) {
    auto* syntax = reinterpret_cast<DUL_TRANSFERSYNTAX*>(LST_Head(&list));
    LST_Position(&list, reinterpret_cast<LST_NODE*>(syntax));
    while (syntax != nullptr) {
      syntaxes.emplace_back(syntax->transferSyntax);
      syntax = reinterpret_cast<DUL_TRANSFERSYNTAX*>(LST_Next(&list));
    }
  }
  const uint8_t id = proposed.presentationContextID;
  ContextDecision decision = rules.decide(proposed.abstractSyntax, syntaxes);
  Context& context = contexts_[id];
  if (decision.service == Service::kWorklist && shared_.handlers.worklists.empty()) {
    decision.result = 3;
  }
  if (decision.result != 0 || context.service != Service::kNone) {  // a number may be used once only
    ASC_refusePresentationContext(
        link_.parameters(), id,
        decision.result == 4 ? ASC_P_TRANSFERSYNTAXESNOTSUPPORTED : ASC_P_ABSTRACTSYNTAXNOTSUPPORTED);
    return;
  }
  // Storage: whatever role the requestor proposes (C-GET needs that). Commitment: reports come from an SCP.
  const bool any_role = decision.service == Service::kStorage || decision.service == Service::kCommitment;
  const T_ASC_SC_ROLE role = any_role ? ASC_SC_ROLE_SCUSCP : ASC_SC_ROLE_DEFAULT;
  if (ASC_acceptPresentationContext(link_.parameters(), id, decision.transfer_syntax.c_str(), role).good()) {
    context = {decision.service, proposed.abstractSyntax, std::move(decision.transfer_syntax)};
  }
}

void Association::run() {
  const Clock::time_point start = Clock::now();
  read_titles();
  const LogContext aet("aet", peer_.calling_aet);
  OFStandard::strlcpy(link_.parameters()->ourImplementationClassUID, dicom::kImplementationClassUid.data(),
                      sizeof link_.parameters()->ourImplementationClassUID);
  OFStandard::strlcpy(link_.parameters()->ourImplementationVersionName,
                      dicom::kImplementationVersionName.data(),
                      sizeof link_.parameters()->ourImplementationVersionName);
  negotiate();
  if (!is_welcome()) {
    return;
  }
  if (!link_.acknowledge()) {
    log_info(LogCategory::kDicom, "association lost during negotiation");
    return;
  }
  log_info(LogCategory::kDicom, "association opened: called \"{}\", {} of {} presentation contexts accepted",
           peer_.called_aet, ASC_countAcceptedPresentationContexts(link_.parameters()),
           ASC_countPresentationContexts(link_.parameters()));
  while (next_command()) {
  }
  log_info(
      LogCategory::kDicom,
      "association ended: {}; stored={} bytes={} finds={} retrieves={} echoes={} failed={} duration={:.0f}ms",
      ended_, stored_, bytes_, finds_, retrieves_, echoes_, failed_, milliseconds_since(start));
}

// Ends the association in the way that fits; always false.
bool Association::end(Receive why) {
  ended_ = receive_text(why);
  switch (why) {
    case Receive::kReleaseRequested:
      link_.acknowledge_release();
      break;
    case Receive::kClosed:
    case Receive::kOk:
      break;
    case Receive::kTimeout:
    case Receive::kViolation:
    case Receive::kStopped:
      link_.abort();
      break;
  }
  return false;
}

Receive Association::receive_command(Pdv* first, std::string* bytes) {
  Receive received = link_.next(first, shared_.options.scp_timeout, true);
  Pdv pdv = *first;
  while (received == Receive::kOk) {
    if (!pdv.is_command || pdv.context != first->context ||
        bytes->size() + pdv.data.size() > kMaximumCommandSize) {
      return Receive::kViolation;
    }
    bytes->append(pdv.data);
    if (pdv.is_last) {
      return Receive::kOk;
    }
    received = link_.next(&pdv, message_timeout(), false);
  }
  return received;
}

bool Association::next_command() {
  Pdv first;
  std::string bytes;
  const Receive received = receive_command(&first, &bytes);
  if (received != Receive::kOk) {
    return end(received);
  }
  const std::optional<Command> command = parse_command(bytes);
  if (!command || contexts_[first.context].service == Service::kNone) {
    log_warning(LogCategory::kDicom, "{}; the association is aborted",
                command ? command_name(command->field) + " in a presentation context that was not accepted"
                        : "malformed command");
    return end(Receive::kViolation);
  }
  return serve(*command, first.context);
}

bool Association::serve(const Command& command, uint8_t context) {
  switch (command.field) {
    case kEchoRequest:
    case kStoreRequest:
    case kFindRequest:
    case kGetRequest:
    case kMoveRequest:
    case kActionRequest:
    case kEventReportRequest:
      if (!may_send(shared_.options, *shared_.modalities(), peer_, command.field,
                    contexts_[context].service == Service::kWorklist)) {
        log_warning(LogCategory::kDicom, "{} refused: not allowed to this caller",
                    command_name(command.field));
        ended_ = "command refused";
        link_.abort();
        return false;
      }
      break;
    default:
      break;
  }
  const Service service = contexts_[context].service;
  switch (command.field) {
    case kEchoRequest:
      return serve_echo(command, context);
    case kStoreRequest:
      return service == Service::kStorage ? serve_store(command, context)
                                          : ignore(command, context, "wrong context");
    case kFindRequest:
      return service == Service::kFind || service == Service::kWorklist
                 ? serve_find(command, context)
                 : ignore(command, context, "wrong context");
    case kMoveRequest:
      return service == Service::kMove ? serve_move(command, context)
                                       : ignore(command, context, "wrong context");
    case kGetRequest:
      return service == Service::kGet ? serve_get(command, context)
                                      : ignore(command, context, "wrong context");
    case kActionRequest:
    case kEventReportRequest:
      return service == Service::kCommitment ? serve_commitment(command, context)
                                             : ignore(command, context, "wrong context");
    case kCancelRequest:
      return true;  // of a request that is answered already
    default:
      return ignore(command, context, "not served");
  }
}

// What cannot be served is logged; the association goes on and there is no response.
bool Association::ignore(const Command& command, uint8_t context, std::string_view why) {
  log_warning(LogCategory::kDicom, "{} ignored: {}", command_name(command.field), why);
  ++failed_;
  if (command.has_data_set) {
    const Receive drained = drain(link_, context, message_timeout());
    if (drained != Receive::kOk) {
      return end(drained);
    }
  }
  return true;
}

bool Association::serve_echo(const Command& command, uint8_t context) {
  CommandLog log(CommandRole::kScp, kEchoRequest);
  if (command.has_data_set) {
    const Receive drained = drain(link_, context, message_timeout());
    if (drained != Receive::kOk) {
      log.lost(receive_text(drained));
      return end(drained);
    }
  }
  ++echoes_;
  const Response response{kEchoRequest, command.message_id, 0, UID_VerificationSOPClass, {}, {}};
  const bool sent = link_.send(context, response);
  log.finish(0);
  return sent || end(Receive::kClosed);
}

bool Association::serve_store(const Command& command, uint8_t context) {
  static Counter& stored = metrics().counter("hilum_dicom_instances_received");
  CommandLog log(CommandRole::kScp, kStoreRequest);
  log.set_instance(command.sop_instance);
  const StoreOutcome outcome = shared_.store.serve(
      link_, context, command, contexts_[context].transfer_syntax, peer_, message_timeout());
  bytes_ += outcome.bytes;
  log.add_received(outcome.bytes);
  if (outcome.received != Receive::kOk) {
    ++failed_;
    log.lost(receive_text(outcome.received));
    return end(outcome.received);
  }
  log.finish(outcome.status, outcome.comment);
  if (outcome.status == 0) {
    ++stored_;
    stored.add();
    shared_.instances_stored.fetch_add(1, std::memory_order_relaxed);
  } else {
    ++failed_;
  }
  return outcome.response_sent || end(Receive::kClosed);
}

bool Association::serve_find(const Command& command, uint8_t context) {
  CommandLog log(CommandRole::kScp, kFindRequest);
  const std::string& syntax = contexts_[context].transfer_syntax;
  const FindOutcome outcome = contexts_[context].service == Service::kWorklist
                                  ? shared_.worklists.serve(link_, context, command, peer_, syntax,
                                                            shared_.default_encoding(), message_timeout())
                                  : shared_.find.serve(link_, context, command, peer_, syntax,
                                                       shared_.default_encoding(), message_timeout());
  ++finds_;
  log.count("answers", outcome.answers);
  if (outcome.received != Receive::kOk) {
    ++failed_;
    log.lost(receive_text(outcome.received));
    return end(outcome.received);
  }
  log.finish(outcome.status, outcome.comment);
  if (is_failure(outcome.status)) {
    ++failed_;
  }
  return outcome.response_sent || end(Receive::kClosed);
}

bool Association::finish_retrieve(CommandLog& log, const RetrieveOutcome& outcome) {
  ++retrieves_;
  log.count("completed", outcome.counters.completed);
  log.count("failed", outcome.counters.failed);
  log.count("warnings", outcome.counters.warning);
  log.add_sent(outcome.bytes_sent);
  if (outcome.received != Receive::kOk || !outcome.response_sent) {
    ++failed_;
    log.lost(receive_text(outcome.received != Receive::kOk ? outcome.received : Receive::kClosed));
    return end(outcome.received != Receive::kOk ? outcome.received : Receive::kClosed);
  }
  log.finish(outcome.status, outcome.comment);
  if (is_failure(outcome.status)) {
    ++failed_;
  }
  return true;
}

bool Association::serve_move(const Command& command, uint8_t context) {
  CommandLog log(CommandRole::kScp, kMoveRequest);
  const std::shared_ptr<const Modalities> modalities = shared_.modalities();
  return finish_retrieve(
      log, shared_.move.serve(link_, {command, context, peer_, contexts_[context].transfer_syntax,
                                      shared_.default_encoding(), *modalities, message_timeout()}));
}

bool Association::serve_get(const Command& command, uint8_t context) {
  CommandLog log(CommandRole::kScp, kGetRequest);
  std::vector<StorageContext> storage;
  for (size_t id = 0; id < contexts_.size(); ++id) {
    if (contexts_[id].service == Service::kStorage) {
      storage.push_back(
          {static_cast<uint8_t>(id), contexts_[id].abstract_syntax, contexts_[id].transfer_syntax});
    }
  }
  const bool transcode = shared_.handlers.scu != nullptr && shared_.handlers.scu->options().transcode &&
                         may_transcode(shared_.options, *shared_.modalities(), peer_);
  return finish_retrieve(log, shared_.get.serve(link_, {command, context, contexts_[context].transfer_syntax,
                                                        shared_.default_encoding(), std::move(storage),
                                                        transcode, message_timeout()}));
}

bool Association::serve_commitment(const Command& command, uint8_t context) {
  CommandLog log(CommandRole::kScp, command.field);
  const std::string& syntax = contexts_[context].transfer_syntax;
  const CommitmentOutcome outcome =
      command.field == kActionRequest
          ? shared_.commitment.serve_action(link_, context, command, peer_, syntax, message_timeout())
          : shared_.commitment.serve_report(link_, context, command, peer_, syntax, message_timeout());
  log.count("instances", outcome.items);
  if (outcome.received != Receive::kOk) {
    ++failed_;
    log.lost(receive_text(outcome.received));
    return end(outcome.received);
  }
  log.finish(outcome.status, outcome.comment);
  if (is_failure(outcome.status)) {
    ++failed_;
  }
  return outcome.response_sent || end(Receive::kClosed);
}

}  // namespace

void serve_association(const Shared& shared, Ready& ready) {
  const LogContext peer("peer", ready.address);
  try {
    std::string error;
    std::optional<Link> link =
        Link::receive(shared.network, shared.tls_layer, Stream(ready.socket.get(), std::move(ready.tls)),
                      shared.options.maximum_pdu_length, shared.stop_fd, &error);
    if (!link) {
      log_warning(LogCategory::kDicom, "association request refused: {}", error);
      return;
    }
    Association(shared, *link, ready.address).run();
  } catch (const std::exception& error) {
    log_error(LogCategory::kDicom, "association ended by an error: {}", error.what());
  }
}

}  // namespace hilum::dimse
